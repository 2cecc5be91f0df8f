import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { YosugaraError } from '@yosugara/kernel';
import { STATE_LAYOUT } from '@yosugara/protocol';
import { knock } from '../control/knock.js';
import { type Paint, table } from '../output/terminal.js';
import { diskSpace, fsyncSpeed } from './disk.js';
import { account, addresses, memory, openFiles, programs, receiveBuffer, timeSync } from './host.js';
import { membersReachable, portsFree } from './network.js';
import { authorityKey, fencing, keys, postgres, stopProofs, watchdog } from './software.js';
import type { Check, CheckContext, Look } from './types.js';

export { clockCheck } from './network.js';
export type { Check, CheckContext, Level } from './types.js';

/** In the order of the table. */
export const LOOKS: readonly Look[] = [
  account,
  addresses,
  portsFree,
  membersReachable,
  timeSync,
  memory,
  diskSpace,
  fsyncSpeed,
  postgres,
  programs,
  receiveBuffer,
  openFiles,
  stopProofs,
  fencing,
  watchdog,
  keys,
  authorityKey,
];

export async function runChecks(context: CheckContext, looks: readonly Look[] = LOOKS): Promise<readonly Check[]> {
  const found: Check[] = [];
  // One after the other: the disk's speed is measured with nothing beside it.
  for (const look of looks) found.push(...(await look(context)));
  return found;
}

const RUNS_WITHIN_MS = 2_000;

/** Does a controller of this node answer here? */
export async function nodeRuns(stateDir: string): Promise<boolean> {
  const path = join(stateDir, STATE_LAYOUT.controlSocket);
  return existsSync(path) && (await knock({ path }, RUNS_WITHIN_MS)) === 'open';
}

export const failedOf = (checks: readonly Check[], accepted: readonly string[]): readonly Check[] =>
  checks.filter(({ id, level }) => level === 'fail' && !accepted.includes(id));

/** @throws YosugaraError CHECKS_FAILED — something would not work, and nobody accepted that. */
export function refuseFailed(checks: readonly Check[], accepted: readonly string[]): void {
  const failed = failedOf(checks, accepted);
  if (failed.length === 0) return;
  const names = [...new Set(failed.map(({ id }) => id))];
  throw new YosugaraError(
    'CHECKS_FAILED',
    `${names.join(', ')}: see above; mend it, or go on nevertheless with ${names.map((id) => `--accept ${id}`).join(' ')}`,
  );
}

const STYLES = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

/** What is not good says below its line what is needed and what mends it. */
export function renderChecks(checks: readonly Check[], paint: Paint): string {
  const rows = checks.map(({ id, level, found }) => [paint(level, STYLES[level]), id, found]);
  const lines = table(['', 'check', 'found'], rows).split('\n');
  const blocks = checks.map((check, index) => {
    const line = lines[index + 1]!;
    return check.level === 'ok' ? line : `${line}\n        needed: ${check.needed}\n        do:     ${check.mend}`;
  });
  return [lines[0], ...blocks].join('\n');
}
