import { formatLsn } from '@yosugara/kernel';
import type { CopyDone, RecoverLook, RecoverMethod, RecoverPhase, RecoverReport } from './types.js';

/** Lag at which the Master begins to ask for every commit (T1); until then the node is catching up. */
export const CAUGHT_UP_BYTES = 16 * 1024 * 1024;
const MAX_TRIES = 8;
const MAX_LOOK = 12;
/** So many failures in a row of one action are told as a failure; the node goes on trying, for the cause may go away. */
const FAILED_AFTER = 3;

export interface Phase {
  readonly phase: RecoverPhase;
  readonly detail: string;
}

/** Where the recover is, told from facts alone: whoever looks after a crash finds the same. `before`: where it was at the last look. */
export function phaseOf(look: RecoverLook, before: RecoverPhase): Phase {
  const { facts, source } = look;
  const streaming = facts.kind === 'standby' && facts.receiver === 'streaming';
  const joined = look.inSyncSet && streaming && look.request?.state !== 'open';
  if (look.isOwner) return { phase: 'report', detail: 'it is the Master now' };
  if (joined && look.level && look.member === 'voter')
    return { phase: 'report', detail: 'in the sync set; both journals are level' };
  if (look.busy === 'pg.rewind' || look.busy === 'pg.baseBackup') return copying(look);
  if (facts.kind === 'primary' || facts.kind === 'hung' || look.busy === 'pg.stop')
    return { phase: 'quiesce', detail: `PostgreSQL here is ${facts.kind}: it is stopped first` };
  if (joined && look.member !== 'voter') return atConsensus(look);
  if (joined) return { phase: 'join', detail: journals(look) };
  if (!look.informed) return { phase: 'preflight', detail: 'waiting for a majority to tell how things stand' };
  if (source === null) return { phase: 'preflight', detail: look.why };
  if (look.busy === 'pg.startStandby' || facts.kind === 'starting') return { phase: 'start', detail: look.why };
  if (facts.kind === 'unknown' || facts.kind === 'unreadable') return { phase: before, detail: look.why };
  if (facts.kind !== 'standby') return { phase: 'decide', detail: look.why };
  if (!streaming) return { phase: 'start', detail: look.why };
  if (look.member !== 'voter') return atConsensus(look);
  if ((look.lagBytes ?? 0) > CAUGHT_UP_BYTES) return { phase: 'start', detail: `catching up with ${source}` };
  return { phase: 'join', detail: `${source} takes it into the sync set` };
}

const atConsensus = ({ member }: RecoverLook): Phase => ({
  phase: 'consensus',
  detail:
    member === 'learner'
      ? 'its consensus log is a learner’s: it votes when it has caught up'
      : 'its consensus log is brought back: it comes in as a learner',
});

function copying(look: RecoverLook): Phase {
  const phase = look.busy === 'pg.rewind' ? 'rewind' : 'rebuild';
  const detail = look.copying?.detail ?? '';
  return look.copying?.stage === 'prepare' ? { phase: 'prepare', detail } : { phase, detail };
}

function journals({ levels }: RecoverLook): string {
  if (levels === null || levels.here === null || levels.there === null)
    return 'in the sync set; waiting for both receivers, to see that no message is on one disk only';
  return `in the sync set; journals: ${levels.here} records to the Master, ${levels.there} from it`;
}

export function begin(look: RecoverLook, requestId: string): RecoverReport {
  const startedAt = new Date(look.wallMs).toISOString();
  return {
    ...{ version: 1, requestId, node: look.node, source: look.source, state: 'running', phase: 'preflight', detail: '' },
    ...{ method: null, why: '', startedAt, endedAt: null, totalMs: 0, resumed: 0, bytes: 0, totalBytes: null },
    phases: [{ phase: 'preflight', ms: 0, entered: 1 }],
    ...{ discarded: null, keptWal: null, setAside: null, archived: 0, tries: [] },
    journals: { atStart: look.levels, atEnd: null },
    look: lossAtStart(look),
  };
}

/** Ruling 15: a recover touches no receiver's journal, so its tail still comes; what is lost is named before anything else happens. */
function lossAtStart({ levels, node }: RecoverLook): string[] {
  if (levels === null || levels.here === null)
    return [
      `the receiver of ${node} was not heard at the start: what only it holds comes when it is back, nothing of it was touched`,
    ];
  return levels.lost > 0
    ? [`${levels.lost} records that ${node} had a copy of are gone from it: they can come from the Master's own journal only`]
    : [];
}

/** After a restart of the controller in the middle. */
export const resume = (report: RecoverReport): RecoverReport =>
  report.state === 'running' ? { ...report, resumed: report.resumed + 1 } : report;

/** The report after this look. The same object: nothing that is worth an fsync has changed. */
export function advance(report: RecoverReport, look: RecoverLook, tookMs: number): RecoverReport {
  if (report.state === 'done') return report;
  const { phase, detail } = phaseOf(look, report.phase);
  const spent = timed(report, phase, tookMs);
  const next: RecoverReport = {
    ...spent,
    phase,
    detail:
      look.failing === null || phase === 'report'
        ? detail
        : `${detail} (the last ${look.failing.action} failed: ${look.failing.code})`,
    source: look.source ?? report.source,
    totalMs: Math.max(0, look.wallMs - Date.parse(report.startedAt)),
    state: failed(look) ? 'failed' : 'running',
    method: methodOf(report, look, phase),
    why: whyThis(report, look),
    bytes: look.copying === null ? report.bytes : look.copying.bytes,
    totalBytes: look.copying === null ? report.totalBytes : look.copying.totalBytes,
    journals: { atStart: report.journals.atStart ?? look.levels, atEnd: look.levels },
  };
  return phase === 'report' ? end(next, look) : next;
}

/** Is the difference worth writing down? Bytes and times alone are not. */
export const isStep = (before: RecoverReport | null, after: RecoverReport): boolean =>
  before === null ||
  before.requestId !== after.requestId ||
  before.phase !== after.phase ||
  before.state !== after.state ||
  before.method !== after.method ||
  before.resumed !== after.resumed ||
  before.tries.length !== after.tries.length ||
  before.setAside !== after.setAside ||
  before.discarded !== after.discarded;

function timed(report: RecoverReport, phase: RecoverPhase, tookMs: number): RecoverReport {
  const phases = report.phases.map((row) => (row.phase === report.phase ? { ...row, ms: Math.round(row.ms + tookMs) } : row));
  if (phase === report.phase) return { ...report, phases };
  const known = phases.some((row) => row.phase === phase);
  return {
    ...report,
    phases: known
      ? phases.map((row) => (row.phase === phase ? { ...row, entered: row.entered + 1 } : row))
      : [...phases, { phase, ms: 0, entered: 1 }],
  };
}

const failed = (look: RecoverLook): boolean => look.role === 'HALT' || (look.failing?.count ?? 0) >= FAILED_AFTER;

/** The dearest way that was really gone. */
function methodOf(report: RecoverReport, look: RecoverLook, phase: RecoverPhase): RecoverMethod | null {
  if (look.busy === 'pg.baseBackup') return 'basebackup';
  if (look.busy === 'pg.rewind') return 'rewind';
  if (report.method !== null || look.isOwner) return report.method;
  return phase === 'start' || phase === 'join' || phase === 'report' ? 'follow' : null;
}

/** From the first look at the method at work: a rewind starts the server on its way, and what is decided meanwhile is about that. */
function whyThis(report: RecoverReport, look: RecoverLook): string {
  const copies = look.busy === 'pg.baseBackup' || look.busy === 'pg.rewind';
  const same = report.method === methodOf(report, look, report.phase);
  if (copies) return same && report.why !== '' ? report.why : look.why;
  return report.why === '' && look.busy === 'pg.startStandby' ? 'its WAL goes on where the Master’s history does' : report.why;
}

/** What a rewind or base backup says at its end. */
export function copied(report: RecoverReport, outcome: CopyDone): RecoverReport {
  const gone = outcome.discarded;
  return {
    ...report,
    bytes: outcome.bytes,
    discarded:
      gone === null
        ? report.discarded
        : { from: formatLsn(gone.from), to: formatLsn(gone.to), bytes: gone.to - gone.from, timeline: gone.timeline },
    keptWal: outcome.keptWal ?? report.keptWal,
    setAside: outcome.setAside ?? report.setAside,
    archived: report.archived + outcome.archived,
    look: [...new Set([...report.look, ...outcome.look])].slice(-MAX_LOOK),
  };
}

export const tried = (report: RecoverReport, action: string, code: string, message: string): RecoverReport => ({
  ...report,
  tries: [...report.tries, { action, code, message: message.slice(0, 400) }].slice(-MAX_TRIES),
});

function end(report: RecoverReport, look: RecoverLook): RecoverReport {
  return {
    ...report,
    state: 'done',
    endedAt: new Date(look.wallMs).toISOString(),
    look: [...new Set([...report.look, ...advice(report)])].slice(-MAX_LOOK),
  };
}

function advice(report: RecoverReport): readonly string[] {
  const { discarded, node } = report;
  const out: string[] = [];
  if (discarded !== null)
    out.push(
      `WAL ${discarded.from} to ${discarded.to} of timeline ${discarded.timeline} was only on ${node} and is no part of the database: ` +
        (report.keptWal !== null
          ? `its segments are in ${report.keptWal}`
          : report.setAside !== null
            ? `it is in ${report.setAside}`
            : 'it was not kept'),
    );
  if (report.setAside !== null) out.push(`the old data directory is ${report.setAside}: remove it when nobody needs it`);
  const last = report.tries.at(-1);
  if (last !== undefined)
    out.push(`${report.tries.length} tries failed on the way, the last one ${last.action}: ${last.message}`);
  return out;
}
