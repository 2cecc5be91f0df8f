import type { ReadAhead } from '@yosugara/runtime';
import { DatagramBatch } from './datagram-batch.js';
import { type SystemCalls, systemCalls } from './system-calls.js';
import { type Take, UdpSocket } from './udp-socket.js';

/**
 * single: a system call, a buffer and a call back for each datagram, as Node does it. batch: those behind the first of a turn of the
 * event loop many at a time, where the system can be asked for it; else as single.
 */
export type UdpRead = 'single' | 'batch';

/** Why no batches can be read here; null = they can. */
export function whyNoBatches(): string | null {
  const found = systemCalls();
  return 'why' in found ? found.why : null;
}

export interface SocketsOptions {
  readonly address: string;
  readonly port: number;
  /** Asked of the system; `net.core.rmem_max` caps it. */
  readonly receiveBufferBytes: number;
  /** So many share the port (SO_REUSEPORT); each has a buffer of its own. Default 1. */
  readonly sockets?: number;
  /** Default: single. */
  readonly read?: UdpRead;
  /** Nothing is read for which there is no room, where the system can be asked for that. Missing: whatever comes is read. */
  readonly room?: ReadAhead | undefined;
}

export interface OpenSocket {
  readonly port: number;
  readonly bufferBytes: number;
  close(): Promise<void>;
}

/** As many as are asked for, on one port. @throws PortInUseError, ListenError */
export async function openSockets(options: SocketsOptions, take: Take): Promise<readonly OpenSocket[]> {
  const { address, sockets = 1, receiveBufferBytes, room = null, read } = options;
  const calls = read === 'batch' || room !== null ? callsHere() : null;
  const batch = calls !== null && read === 'batch' ? new DatagramBatch(calls) : null;
  const parts = { receiveBufferBytes, isShared: sockets > 1, calls, batch, room, take };
  const opened: OpenSocket[] = [];
  try {
    while (opened.length < sockets) opened.push(await UdpSocket.open(address, opened[0]?.port ?? options.port, parts));
    return opened;
  } catch (error) {
    for (const socket of opened) await socket.close();
    throw error;
  }
}

function callsHere(): SystemCalls | null {
  const found = systemCalls();
  return 'why' in found ? null : found.calls;
}
