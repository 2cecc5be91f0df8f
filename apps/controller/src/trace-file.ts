import { closeSync, openSync, writeSync } from 'node:fs';
import { explain, type Log } from '@yosugara/kernel';
import type { TraceEntry } from '@yosugara/runtime';

const DEFAULT_MAX_MB = 256;

/**
 * Opt-in, for finding out afterwards what a controller was told and what it did: with the environment variable
 * YOSUGARA_TRACE_FILE every input and its effects are appended to that file as JSON lines, until it holds YOSUGARA_TRACE_MAX_MB.
 * `npm run sim -- --replay FILE` runs them through the cores again. Nothing secret goes through the cores.
 */
export function traceFile(env: NodeJS.ProcessEnv, log: Log): ((entry: TraceEntry) => void) | null {
  const path = env.YOSUGARA_TRACE_FILE;
  if (path === undefined || path === '') return null;
  let left = Number(env.YOSUGARA_TRACE_MAX_MB ?? DEFAULT_MAX_MB) * 1024 * 1024;
  let fd: number | null;
  try {
    fd = openSync(path, 'a', 0o600);
  } catch (cause) {
    log.warn('trace.refused', { path, why: explain(cause) });
    return null;
  }
  const end = (why: string): void => {
    if (fd !== null) closeSync(fd);
    fd = null;
    log.warn('trace.ended', { path, why });
  };
  return (entry) => {
    if (fd === null) return;
    const line = Buffer.from(`${JSON.stringify(entry)}\n`);
    left -= line.length;
    if (!(left >= 0)) return end('the file has its full size');
    try {
      writeSync(fd, line);
    } catch (cause) {
      // A full or broken volume must not end a controller that only writes its diary there.
      end(explain(cause));
    }
  };
}
