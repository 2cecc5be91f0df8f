import type { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import type { RunResult } from '../os/run.js';

/** What went through a pipe. */
export interface Sum {
  /** SHA-256, hex. */
  readonly sha256: string;
  readonly bytes: number;
}

export function summing() {
  const hash = createHash('sha256');
  let bytes = 0;
  return {
    async *through(source: AsyncIterable<Buffer>) {
      for await (const chunk of source) {
        hash.update(chunk);
        bytes += chunk.length;
        yield chunk;
      }
    },
    sum: (): Sum => ({ sha256: hash.digest('hex'), bytes }),
  };
}

export async function drained(source: AsyncIterable<Buffer>): Promise<void> {
  for await (const _ of source);
}

/** How a program that is fed or read by pipes ended. */
export async function closed(child: ReturnType<typeof spawn>): Promise<RunResult> {
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-4_000);
  });
  child.stdin?.on('error', () => {});
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      stderr = String(error);
      resolve(null);
    });
    child.once('close', resolve);
  });
  return { code, stdout: '', stderr };
}
