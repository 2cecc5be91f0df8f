import {
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Account } from './run.js';

/** Folder of mode 0700 that belongs to `account`. */
export function ownFolder(path: string, account: Account): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (account.switchTo) chownSync(path, account.uid, account.gid);
}

/** Whole or not at all, and on disk when it returns. Mode 0600. */
export function writeOwned(path: string, text: string, account: Account): void {
  const next = `${path}.next`;
  rmSync(next, { force: true });
  writeFileSync(next, text, { mode: 0o600 });
  if (account.switchTo) chownSync(next, account.uid, account.gid);
  syncPath(next);
  renameSync(next, path);
  syncPath(dirname(path));
}

export function syncPath(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

export function readIfThere(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}
