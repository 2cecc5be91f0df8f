import { chmodSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { listening } from './listening.js';

/** Sockets between the processes of one node: one JSON document a line, at most 1 MiB. */
const MAX_LINE_BYTES = 1024 * 1024;
/** A reader that does not read: beyond this it is cut off, since it would only ever see the past. */
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;
const RETRY_MS = 250;

export interface LineConnection {
  send(document: unknown): void;
  close(): void;
}

export interface LineHandlers {
  readonly onOpen?: (connection: LineConnection) => void;
  readonly onDocument: (document: unknown, connection: LineConnection) => void;
  readonly onClose?: (connection: LineConnection) => void;
}

/** Connects, and connects again for ever after any failure: the other process may start later, or anew. @returns the stop. */
export function followLines(path: string, handlers: LineHandlers): () => void {
  let stopped = false;
  let socket: Socket | undefined;
  let retry: NodeJS.Timeout | undefined;
  const dial = () => {
    socket = connect({ path });
    const connection = attach(socket, handlers);
    socket.once('connect', () => handlers.onOpen?.(connection));
    socket.once('close', () => {
      handlers.onClose?.(connection);
      if (!stopped) retry = setTimeout(dial, RETRY_MS);
    });
  };
  dial();
  return () => {
    stopped = true;
    clearTimeout(retry);
    socket?.destroy();
  };
}

/** Serves a UNIX socket of mode 0600. A socket file left by a dead process is replaced: the caller holds the lock of the state directory. @throws ListenError */
export async function serveLines(
  path: string,
  handlers: LineHandlers,
  maxConnections = 16,
): Promise<{ broadcast(document: unknown): void; close(): Promise<void> }> {
  const open = new Map<Socket, LineConnection>();
  const server = createServer((socket) => {
    const connection = attach(socket, handlers);
    open.set(socket, connection);
    socket.once('close', () => {
      open.delete(socket);
      handlers.onClose?.(connection);
    });
    handlers.onOpen?.(connection);
  });
  server.maxConnections = maxConnections;
  removeIfThere(path);
  await listening(server, { path });
  chmodSync(path, 0o600);
  return {
    broadcast: (document) => {
      for (const connection of open.values()) connection.send(document);
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open.keys()) socket.destroy();
      await closed;
    },
  };
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}

function attach(socket: Socket, handlers: LineHandlers): LineConnection {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('error', () => socket.destroy());
  const connection: LineConnection = {
    send: (document) => {
      if (!socket.writable) return;
      if (socket.writableLength > MAX_BUFFERED_BYTES) socket.destroy();
      else socket.write(`${JSON.stringify(document)}\n`);
    },
    close: () => socket.destroy(),
  };
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE_BYTES) return void socket.destroy();
    for (const line of lines) {
      if (line === '' || socket.destroyed) continue;
      try {
        handlers.onDocument(JSON.parse(line), connection);
      } catch {
        // Not our language: whoever speaks it gains nothing by going on.
        socket.destroy();
      }
    }
  });
  return connection;
}
