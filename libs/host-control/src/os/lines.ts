import type { Duplex, Readable } from 'node:stream';

const MAX_LINE_CHARS = 1_000_000;

/** One JSON document a line. A line that is none is dropped: both ends are ours, so it is the torn tail of a dying process. */
export function onJsonLines<T>(stream: Readable, handler: (message: T) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = (parts.pop() ?? '').slice(-MAX_LINE_CHARS);
    for (const part of parts) {
      let message: T;
      try {
        message = JSON.parse(part) as T;
      } catch {
        continue;
      }
      handler(message);
    }
  });
}

export function sendLine(stream: Duplex | NodeJS.WritableStream | null, message: unknown): void {
  if (stream?.writable) stream.write(`${JSON.stringify(message)}\n`);
}
