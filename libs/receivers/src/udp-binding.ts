import type { Socket } from 'node:dgram';
import { listenError } from './errors.js';
import type { SystemCalls } from './system-calls.js';

/** A sender that is gone asks again or not; there is nobody to tell. */
export function ignoreSendError(_error: unknown): void {}

/** @throws PortInUseError, ListenError */
export async function bindByNode(socket: Socket, address: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(listenError('udp', address, port, error));
    });
    socket.bind({ address, port, exclusive: true }, () => {
      socket.removeAllListeners('error');
      // An ICMP answer to what was sent from here; the socket stays usable.
      socket.on('error', ignoreSendError);
      resolve();
    });
  });
}

/**
 * Node keeps the number of its sockets to itself, so this one is opened and bound by us and given to Node, which closes it.
 * @returns its number. @throws PortInUseError, ListenError
 */
export function bindByUs(
  socket: Socket,
  calls: SystemCalls,
  { address, port, isShared }: { readonly address: string; readonly port: number; readonly isShared: boolean },
): number {
  let descriptor: number;
  try {
    descriptor = calls.boundUdp(address, port, isShared);
  } catch (error) {
    socket.close();
    throw listenError('udp', address, port, error);
  }
  try {
    giveToNode(socket, descriptor);
    return descriptor;
  } catch (error) {
    if (!isOpen(socket)) calls.close(descriptor);
    socket.close();
    throw listenError('udp', address, port, error);
  }
}

/** It reads and closes it from now on. */
export function giveToNode(socket: Socket, descriptor: number): void {
  socket.on('error', ignoreSendError);
  // Done when it returns: there is no name to look up.
  socket.bind({ fd: descriptor, exclusive: true });
}

function isOpen(socket: Socket): boolean {
  try {
    return socket.address().port > 0;
  } catch {
    return false;
  }
}
