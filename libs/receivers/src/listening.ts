import type { Server } from 'node:net';
import { listenError } from './errors.js';

/** An address of this host, or the path of a UNIX socket. */
export type Place = { readonly address: string; readonly port: number } | { readonly path: string };

/**
 * Resolves once the server listens. What goes wrong later goes wrong with one connection (accept(2) without a free file descriptor),
 * so it must not end the process, which an `error` that nobody hears would.
 * @throws PortInUseError, ListenError
 */
export async function listening(server: Server, place: Place): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const [named, port] = 'path' in place ? [place.path, 0] : [place.address, place.port];
    const failed = (error: Error) => reject(listenError('tcp', named, port, error));
    server.once('error', failed);
    server.listen('path' in place ? { path: place.path } : { host: place.address, port, exclusive: true }, () => {
      server.off('error', failed);
      server.on('error', () => undefined);
      resolve();
    });
  });
}

/** @param asked what a port of 0 became is known only now. */
export function boundPort(server: Server, asked: number): number {
  const at = server.address();
  return at !== null && typeof at === 'object' ? at.port : asked;
}
