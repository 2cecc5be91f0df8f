import { createSocket, type Socket } from 'node:dgram';
import { isIP } from 'node:net';
import { label, refusal, type Target } from './dial.js';
import { type Look, ProbeFailure } from './look.js';
import { addressOf } from './names.js';

/** Rejects with what the system says: no way there. */
export async function connectUdp(socket: Socket, port: number, address: string): Promise<void> {
  await new Promise<void>((resolve, reject) =>
    // Node's types leave out that it gets an error.
    socket.connect(port, address, (error?: Error | null) => (error ? reject(error) : resolve())),
  );
}

export interface UdpQuestion<T> {
  readonly packet: Uint8Array;
  /** Of a datagram of the one that was asked: the answer; null = it answers something else, go on waiting. @throws ProbeFailure */
  read(answer: Uint8Array): T | null;
}

/** Asks once. The socket is connected: the kernel drops what others send, and tells when nobody listens. @throws ProbeFailure */
export async function askUdp<T>(look: Look, target: Target, what: string, question: UdpQuestion<T>): Promise<T> {
  const address = await addressOf(look, target.host, target.family);
  const where = label(target);
  look.doing = `${what} of ${where}`;
  const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4');
  look.closes(() => socket.close());
  return await look.wait(
    new Promise<T>((resolve, reject) => {
      const refused = (error: Error) => reject(new ProbeFailure(refusal(error, where), error));
      // Of a refusal Linux tells at the next send, or by itself.
      socket.on('error', refused);
      socket.on('message', (datagram) => {
        try {
          const answer = question.read(datagram);
          if (answer !== null) resolve(answer);
        } catch (error) {
          reject(error as Error);
        }
      });
      connectUdp(socket, target.port, address).then(
        () => socket.send(question.packet, (error) => error !== null && refused(error)),
        refused,
      );
    }),
  );
}
