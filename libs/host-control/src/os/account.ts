import { existsSync, readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { PostgresControlError } from '../errors.js';
import type { Account } from './run.js';

/** Whose data lies in that folder already, for a command that root types; else as `postgresAccount`. */
export function dataAccount(folder: string, name: string): Account {
  const owner = userInfo().uid === 0 && existsSync(folder) ? statSync(folder).uid : 0;
  return postgresAccount(owner === 0 ? name : (nameOf(owner) ?? name));
}

const accounts = (): readonly (readonly string[])[] =>
  readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));

const nameOf = (uid: number): string | undefined => accounts().find((fields) => fields[2] === String(uid))?.[0];

/**
 * The account PostgreSQL runs as: `name` when we are root (PostgreSQL refuses root), else ourselves.
 * Read from the passwd file: PostgreSQL itself needs to find its effective user there.
 */
export function postgresAccount(name: string): Account {
  const self = userInfo();
  if (self.uid !== 0) return { name: self.username, uid: self.uid, gid: self.gid, switchTo: false };
  const entry = accounts().find((fields) => fields[0] === name);
  const [, , uid, gid] = entry ?? [];
  if (uid === undefined || gid === undefined || uid === '0')
    throw new PostgresControlError(
      'ACCOUNT_MISSING',
      `no unprivileged account ${JSON.stringify(name)} in /etc/passwd: PostgreSQL cannot run as root`,
    );
  return { name, uid: Number(uid), gid: Number(gid), switchTo: true };
}
