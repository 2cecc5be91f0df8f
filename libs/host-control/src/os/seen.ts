import { readFileSync } from 'node:fs';
import { PostgresControlError } from '../errors.js';
import type { Account } from './run.js';

/** capabilities(7): its bit in the masks of proc(5). */
const CAP_SYS_PTRACE = 19n;

const hasCapability = (status: string, bit: bigint): boolean => {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return mask !== undefined && ((BigInt(`0x${mask}`) >> bit) & 1n) === 1n;
};

/**
 * Where a process of another account works is told by the kernel to nobody without CAP_SYS_PTRACE, not even to root (ptrace(2)), and root in a container
 * has it only if it was given. Who looks for PostgreSQL's processes without it finds none, and would prove them gone while they serve.
 * @param status /proc/self/status. @throws PostgresControlError ACCOUNT_HIDDEN.
 */
export function mustSee(account: Account, status = readFileSync('/proc/self/status', 'latin1')): Account {
  if (!account.switchTo || hasCapability(status, CAP_SYS_PTRACE)) return account;
  throw new PostgresControlError(
    'ACCOUNT_HIDDEN',
    `PostgreSQL runs as ${account.name}, and what runs as another account is hidden from this process: it needs CAP_SYS_PTRACE`,
  );
}
