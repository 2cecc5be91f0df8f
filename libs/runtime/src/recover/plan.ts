import { type ClusterRecord, hasDiverged } from '@yosugara/failover';
import { formatLsn } from '@yosugara/kernel';
import { type PreflightInput, preflight, type Refusal, type Side } from './preflight.js';
import type { RecoverMethod } from './types.js';

export interface RecoverPlan {
  readonly node: string;
  readonly source: string | null;
  readonly refusal: Refusal | null;
  readonly method: RecoverMethod | null;
  readonly why: string;
  /** What would go over the network, as far as it can be told beforehand; null: it cannot. */
  readonly bytes: number | null;
  readonly steps: readonly string[];
}

/** `--dry-run`: what would be done and why, from facts. Asks nobody, changes nothing. */
export function planRecover(input: PreflightInput): RecoverPlan {
  const { source, target } = input;
  const refused = preflight(input);
  const base = { node: target.node, source: source?.node ?? null, refusal: refused };
  if (refused !== null || source === null)
    return { ...base, method: null, why: refused?.message ?? 'no Master is serving', bytes: null, steps: [] };
  const { method, why, bytes } = choose(input.record, source, target);
  return { ...base, method, why, bytes, steps: stepsOf(method, source, target) };
}

function choose(
  record: ClusterRecord,
  source: Side,
  target: Side,
): { readonly method: RecoverMethod; readonly why: string; readonly bytes: number | null } {
  const { facts } = target;
  const all = source.survey?.databaseBytes ?? null;
  const copy = (why: string) => ({ method: 'basebackup' as const, why, bytes: all });
  if (facts.kind === 'empty') return copy('there is no data directory');
  if (target.survey?.damage != null) return copy(target.survey.damage);
  if (facts.kind === 'stopped' && facts.state === 'incomplete')
    return copy(facts.damage ?? 'a rewind or a base backup was interrupted there');
  if (facts.kind !== 'stopped' && facts.kind !== 'standby')
    return { method: 'follow', why: `PostgreSQL there is ${facts.kind}: it is stopped first, then looked at again`, bytes: null };
  const ownerEnd = source.facts.kind === 'primary' ? source.facts.walEnd : facts.walEnd;
  const fork = record.lineage.find((entry) => entry.timeline > facts.timeline);
  const crashed = facts.kind === 'stopped' && facts.state === 'crashed-primary' && fork !== undefined;
  if (crashed || hasDiverged(record, facts.timeline, facts.walEnd) || facts.timeline > newestOf(record, source)) {
    const range =
      fork === undefined ? '' : `: ${formatLsn(fork.forkLsn)} to ${formatLsn(facts.walEnd)} on timeline ${facts.timeline}`;
    // Changed pages on either side since the fork, and all of the Master's WAL: the distance tells the order of it.
    const bytes = fork === undefined ? null : Math.max(0, ownerEnd - fork.forkLsn) + Math.max(0, facts.walEnd - fork.forkLsn);
    return { method: 'rewind', why: `its WAL may go past where ${source.node} left the old timeline${range}`, bytes };
  }
  const oldest = source.survey?.oldestWal ?? null;
  if (oldest !== null && facts.walEnd < oldest)
    return copy(`${source.node} no longer has the WAL from ${formatLsn(facts.walEnd)} on`);
  return { method: 'follow', why: `its WAL is a part of ${source.node}'s history`, bytes: Math.max(0, ownerEnd - facts.walEnd) };
}

const newestOf = (record: ClusterRecord, source: Side): number =>
  Math.max(source.facts.kind === 'primary' ? source.facts.timeline : 1, ...record.lineage.map((entry) => entry.timeline));

function stepsOf(method: RecoverMethod, source: Side, target: Side): readonly string[] {
  const catchUp = `PostgreSQL of ${target.node} starts as a standby of ${source.node} and catches up`;
  const join = `${source.node} takes ${target.node} into the sync set; both journals become level`;
  const slot = `${source.node} keeps WAL for ${target.node} (slot yosugara_${target.node})`;
  const stop =
    target.facts.kind === 'stopped' || target.facts.kind === 'empty' ? [] : [`PostgreSQL of ${target.node} is stopped`];
  if (method === 'follow') return [slot, catchUp, join];
  if (method === 'rewind')
    return [
      ...stop,
      slot,
      `${source.node} writes a checkpoint`,
      'the WAL that goes is kept in compressed form',
      'crash recovery, then pg_rewind; if it fails, a base backup',
      catchUp,
      join,
    ];
  return [...stop, slot, `a base backup of ${source.node} beside the old directory, which is set aside`, catchUp, join];
}

/** As the CLI and the console print it. */
export function planText(plan: RecoverPlan): string {
  if (plan.refusal !== null) return `recover of ${plan.node} would be refused: ${plan.refusal.message} (${plan.refusal.code})`;
  const size = plan.bytes === null ? '' : `, about ${Math.ceil(plan.bytes / 1024 / 1024)} MB`;
  return `${plan.node} would be brought back to ${plan.source} by ${plan.method}${size}: ${plan.why}. ${plan.steps
    .map((step, at) => `${at + 1}. ${step}`)
    .join('. ')}.`;
}
