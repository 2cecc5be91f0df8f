import { execFileSync } from 'node:child_process';
import { userInfo } from 'node:os';

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** By the host's name service (getent(1): passwd, LDAP and others), looked up each time: accounts come and go. null = there is none. */
export function accountOf(name: string): Account | null {
  if (!/^[A-Za-z_][A-Za-z0-9_.@-]{0,63}\$?$/.test(name)) return null;
  try {
    const line = execFileSync('getent', ['passwd', name], {
      encoding: 'utf8',
      timeout: 5_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [found, , uid, gid, , home] = line.trim().split(':');
    return found === undefined || uid === undefined
      ? null
      : { name: found, uid: Number(uid), gid: Number(gid), home: home || '/' };
  } catch {
    return null;
  }
}

/** The one that the agent runs as. */
export function ourAccount(): Account {
  const { username, uid, gid, homedir } = userInfo();
  return { name: username, uid, gid, home: homedir };
}

/** null = nobody else than the agent itself. */
export type Switch =
  | { readonly ok: true; readonly account: Account; readonly isOther: boolean }
  | { readonly ok: false; readonly why: string };

export function switchTo(user: string | null): Switch {
  const ours = ourAccount();
  if (user === null || user === ours.name) return { ok: true, account: ours, isOther: false };
  const account = accountOf(user);
  if (account === null) return { ok: false, why: `there is no account ${JSON.stringify(user)} on this host` };
  if (account.uid === ours.uid) return { ok: true, account, isOther: false };
  if (ours.uid !== 0)
    return { ok: false, why: `the agent runs as ${ours.name} and not as root, so it cannot run a command as ${user}` };
  return { ok: true, account, isOther: true };
}

/** What a command finds in its environment, beside what its job says. */
export function environmentOf(account: Account, more: Readonly<Record<string, string>>): Record<string, string> {
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const base = { PATH: path, LANG: 'C.UTF-8', SHELL: '/bin/sh', HOME: account.home, USER: account.name, LOGNAME: account.name };
  const all = { ...base, ...more };
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, value.replaceAll('\0', '\ufffd')]));
}
