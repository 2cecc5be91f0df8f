import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { PostgresControlError } from '../errors.js';
import type { Account } from './run.js';

/**
 * The account PostgreSQL runs as: `name` when we are root (PostgreSQL refuses root), else ourselves.
 * Read from the passwd file: PostgreSQL itself needs to find its effective user there.
 */
export function postgresAccount(name: string): Account {
  const self = userInfo();
  if (self.uid !== 0) return { name: self.username, uid: self.uid, gid: self.gid, switchTo: false };
  const entry = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find((fields) => fields[0] === name);
  const [, , uid, gid] = entry ?? [];
  if (uid === undefined || gid === undefined || uid === '0')
    throw new PostgresControlError(
      'ACCOUNT_MISSING',
      `no unprivileged account ${JSON.stringify(name)} in /etc/passwd: PostgreSQL cannot run as root`,
    );
  return { name, uid: Number(uid), gid: Number(gid), switchTo: true };
}
