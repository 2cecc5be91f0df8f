import { type ClusterRecord, type FactsOf, hasDiverged, type PostgresFacts } from '@yosugara/failover';
import { formatLsn, type NodeId } from '@yosugara/kernel';
import type { RecoverCause, RecoverPlan } from '@yosugara/protocol';
import { foreignOf, type PreflightInput, type Refusal, refusalsOf, type Side } from './preflight.js';
import type { RecoverMethod } from './types.js';

export type { RecoverPlan };

/** initdb's default, which is what `yosugara` makes. */
const WAL_SEGMENT_BYTES = 16 * 1024 * 1024;

/** `--dry-run`: what would be done and why, from facts. Asks nobody, changes nothing. */
export function planRecover(input: PreflightInput): RecoverPlan {
  const { source, target } = input;
  const refusals = refusalsOf(input);
  if (source === null || source.facts.kind !== 'primary' || !target.heard)
    return refusedPlan(target.node, refusals, source?.node ?? null);
  const { method, cause, why, bytes, discards = null } = choose(input.record, source, target);
  const switchedOff = input.record.fenced.some(({ node }) => node === target.node);
  return {
    ...{ version: 1, node: target.node, source: source.node, refusals: [...refusals] },
    // What was switched off and nothing else is the matter with.
    cause:
      cause === 'stopped' && input.logLost === true ? 'consensus-log-lost' : switchedOff && isPlain(cause) ? 'fenced' : cause,
    ...{ method, why, bytes, discards },
    phases: refusals.length > 0 ? [] : phasesOf(method, input, source),
    setsAside: method === 'basebackup' && target.facts.kind !== 'empty',
  };
}

const isPlain = (cause: RecoverCause): boolean => cause === 'stopped' || cause === 'crashed';

/** Nothing can be told of a node that is not heard, or without a Master. */
export function refusedPlan(node: string, refusals: readonly Refusal[], source: string | null = null): RecoverPlan {
  return {
    ...{ version: 1, node, source, refusals: [...refusals], cause: null, method: null },
    ...{ why: refusals[0]?.message ?? 'no Master is serving', bytes: null, phases: [], discards: null, setsAside: false },
  };
}

interface Choice {
  /** null: it shows only when the node has looked. */
  readonly method: RecoverMethod | null;
  readonly cause: RecoverCause;
  readonly why: string;
  readonly bytes: number | null;
  readonly discards?: RecoverPlan['discards'];
}

function choose(record: ClusterRecord, source: Side, target: Side): Choice {
  const { facts } = target;
  const all = source.survey?.databaseBytes ?? null;
  const copy = (cause: RecoverCause, why: string): Choice => ({ method: 'basebackup', cause, why, bytes: all });
  if (facts.kind === 'empty') return copy('no-data', 'there is no data directory');
  if (target.survey?.damage != null) return copy('damaged', target.survey.damage);
  if (facts.kind === 'stopped' && facts.state === 'incomplete')
    return facts.damage == null
      ? copy('interrupted', 'a rewind or a base backup was interrupted there')
      : copy('damaged', facts.damage);
  if (facts.kind !== 'stopped' && facts.kind !== 'standby') return notYet(target.node, facts);
  const foreign = foreignOf(record, target);
  if (foreign !== null) return copy('foreign', `what is there is another database system (${foreign})`);
  const ownerEnd = source.facts.kind === 'primary' ? source.facts.walEnd : facts.walEnd;
  const fork = record.lineage.find((entry) => entry.timeline > facts.timeline);
  const crashed = facts.kind === 'stopped' && facts.state === 'crashed-primary';
  const diverged = hasDiverged(record, facts.timeline, facts.walEnd) || facts.timeline > newestOf(record, source);
  if ((crashed && fork !== undefined) || diverged) {
    const range =
      fork === undefined || facts.walEnd <= fork.forkLsn
        ? ''
        : `: ${formatLsn(fork.forkLsn)} to ${formatLsn(facts.walEnd)} on timeline ${facts.timeline}`;
    // The distance tells the order of the pages that changed on either side since the fork.
    const pages = fork === undefined ? null : Math.max(0, ownerEnd - fork.forkLsn) + Math.max(0, facts.walEnd - fork.forkLsn);
    const bytes = pages === null ? null : pages + heldWal(source.survey?.oldestWal ?? null, ownerEnd);
    return {
      ...{ method: 'rewind', cause: diverged ? 'diverged' : 'crashed', bytes },
      why: `its WAL may go past where ${source.node} left the old timeline${range}`,
      discards:
        fork === undefined || facts.walEnd <= fork.forkLsn
          ? null
          : {
              ...{ from: formatLsn(fork.forkLsn), to: formatLsn(facts.walEnd) },
              ...{ bytes: facts.walEnd - fork.forkLsn, timeline: facts.timeline },
            },
    };
  }
  const oldest = source.survey?.oldestWal ?? null;
  if (oldest !== null && facts.walEnd < oldest)
    return copy('wal-gone', `${source.node} no longer has the WAL from ${formatLsn(facts.walEnd)} on`);
  return {
    ...{ method: 'follow', cause: crashed ? 'crashed' : 'stopped', bytes: Math.max(0, ownerEnd - facts.walEnd) },
    why: `its WAL is a part of ${source.node}'s history`,
  };
}

/** Nothing is guessed: what a rewind would give up is not known either. */
function notYet(node: NodeId, facts: Exclude<PostgresFacts, FactsOf<'empty' | 'stopped' | 'standby'>>): Choice {
  const open = (cause: RecoverCause, why: string): Choice => ({ method: null, cause, why, bytes: null });
  switch (facts.kind) {
    case 'unknown':
      return open('unknown', `${node} has not looked at its database yet: ask again in a moment`);
    case 'unreadable':
      return open('unknown', `the data directory of ${node} cannot be read: look at its volume, then ask again`);
    case 'starting':
      return open('running', `PostgreSQL of ${node} is starting: ask again when it answers`);
    case 'hung':
      return open('running', `PostgreSQL of ${node} does not answer: it is stopped first, then its data is looked at`);
    case 'primary':
      return open('running', `PostgreSQL of ${node} runs as a primary: it is stopped first, then its data is looked at`);
  }
}

/** pg_rewind copies what is no relation as it is: every WAL segment that the source still has (PostgreSQL docs, pg_rewind, How It Works). */
function heldWal(oldest: number | null, end: number): number {
  if (oldest === null) return 0;
  return (Math.ceil(end / WAL_SEGMENT_BYTES) - Math.floor(oldest / WAL_SEGMENT_BYTES)) * WAL_SEGMENT_BYTES;
}

const newestOf = (record: ClusterRecord, source: Side): number =>
  Math.max(source.facts.kind === 'primary' ? source.facts.timeline : 1, ...record.lineage.map((entry) => entry.timeline));

function phasesOf(method: RecoverMethod | null, { target, logLost }: PreflightInput, source: Side): RecoverPlan['phases'] {
  const { kind } = target.facts;
  const runs = method === null ? kind === 'hung' || kind === 'primary' : kind !== 'stopped' && kind !== 'empty';
  const slot = `${source.node} keeps WAL for ${target.node} (slot yosugara_${target.node})`;
  const stop = { phase: 'quiesce', what: `PostgreSQL of ${target.node} is stopped` } as const;
  return [
    ...(runs && method !== 'follow' ? [stop] : []),
    ...(logLost === true
      ? [{ phase: 'consensus', what: `${target.node} comes back as a new member of the consensus, a learner first` } as const]
      : []),
    ...(method === null
      ? [{ phase: 'decide', what: `what ${target.node} holds shows the method: follow, rewind or base backup` } as const]
      : []),
    { phase: 'prepare', what: method === 'rewind' ? `${slot} and writes a checkpoint` : slot },
    ...(method === 'rewind'
      ? [
          {
            phase: 'rewind',
            what: 'the WAL that goes is kept in compressed form; crash recovery, then pg_rewind; if it fails, a base backup',
          } as const,
        ]
      : []),
    ...(method === 'basebackup'
      ? [
          {
            phase: 'rebuild',
            what: `a base backup of ${source.node} beside the old directory, which is set aside`,
          } as const,
        ]
      : []),
    { phase: 'start', what: `PostgreSQL of ${target.node} starts as a standby of ${source.node} and catches up` },
    { phase: 'join', what: `${source.node} takes ${target.node} into the sync set; both journals become level` },
  ];
}

/** As the CLI and the console print it. */
export function planText(plan: RecoverPlan): string {
  const [refused] = plan.refusals;
  if (refused !== undefined)
    return plan.refusals.map(({ code, message }) => `recover of ${plan.node} would be refused: ${message} (${code})`).join('\n');
  const size = plan.bytes === null ? '' : `, about ${Math.ceil(plan.bytes / 1024 / 1024)} MB`;
  const by = plan.method === null ? ', by which method cannot be told yet' : ` by ${plan.method}${size}`;
  return `${plan.node} would be brought back to ${plan.source}${by}: ${plan.why}. ${plan.phases
    .map(({ what }, at) => `${at + 1}. ${what}`)
    .join('. ')}.`;
}
