import type { Socket } from 'node:net';

/** The control socket's limit of a line (libs/protocol/src/control.ts). */
const MAX_LINE_BYTES = 1_048_576;

/** Calls `onLine` with each JSON document; a line that is too long or no JSON destroys the socket. */
export function readJsonLines(socket: Socket, onDocument: (document: unknown) => void): void {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    try {
      for (const line of lines) if (line !== '') onDocument(JSON.parse(line));
    } catch (cause) {
      socket.destroy(new Error('the control socket sent no JSON', { cause }));
    }
    if (rest.length > MAX_LINE_BYTES) socket.destroy(new Error('the control socket sent a line without end'));
  });
}
