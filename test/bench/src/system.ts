import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const RMEM_MAX = '/proc/sys/net/core/rmem_max';

/** Lets sockets have so large a receive buffer, as the installation does. @returns how to set it back. Not root: as it is. */
export function allowReceiveBuffers(bytes: number): () => void {
  const before = readFileSync(RMEM_MAX, 'utf8');
  if (Number(before) >= bytes) return () => undefined;
  try {
    writeFileSync(RMEM_MAX, String(bytes));
  } catch {
    return () => undefined;
  }
  // Also when somebody ends the run.
  const restore = () => writeFileSync(RMEM_MAX, before);
  process.once('exit', restore);
  return () => {
    process.off('exit', restore);
    restore();
  };
}

/** A folder that goes with this process at the latest: who ends a run by Ctrl-C leaves no journals and databases behind. */
export function temporaryFolder(prefix: string): { readonly dir: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), prefix));
  return { dir, remove: removedAtExit(dir) };
}

/** @returns how to remove it before. Whoever writes there must be killed first: `process.prependOnceListener('exit', …)`. */
export function removedAtExit(dir: string): () => void {
  const remove = () => {
    process.off('exit', remove);
    rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
  process.once('exit', remove);
  return remove;
}

/**
 * Flushes that the disk below `dir` has done so far: of everybody, so compare two moments of a quiet machine. null = it does not count them.
 * Source: Linux, Documentation/admin-guide/iostats.rst, field 16.
 */
export function diskFlushes(dir: string): number | null {
  const { dev } = statSync(dir);
  // makedev(3): glibc's packing.
  const major = (dev >> 8) & 0xfff;
  const minor = (dev & 0xff) | ((dev >> 12) & 0xfff00);
  for (const line of readFileSync('/proc/diskstats', 'utf8').split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (Number(fields[0]) === major && Number(fields[1]) === minor) return fields[18] === undefined ? null : Number(fields[18]);
  }
  return null;
}

/** Of the receive buffer of a receiver's UDP sockets, as it said in its log when it was ready. */
export function grantedBytes(stateDir: string): number {
  return Number(/"receiveBufferBytes":(\d+)/.exec(readFileSync(join(stateDir, 'receiver.log'), 'utf8'))?.[1]);
}

/** The first of these files that is there. */
export function firstFile(...paths: readonly string[]): string | null {
  return paths.find((path) => existsSync(path)) ?? null;
}
