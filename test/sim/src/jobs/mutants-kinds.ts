import type { Mutant } from '../mutant-types.js';
import { planted } from './mutants-planted.js';

const JOBS = 'libs/operations/src/jobs';
const CONDITIONS = `${JOBS}/conditions.ts`;
const LEAVES = `${JOBS}/leaves.ts`;
const ASKING = `${JOBS}/asking.ts`;
const TRANSFER = `${JOBS}/transfer.ts`;
const COMPILED = `${JOBS}/compiled.ts`;
const NODES = `${JOBS}/nodes.ts`;
const NEWS = `${JOBS}/news.ts`;
const STEP = `${JOBS}/step.ts`;
const TIMERS = `${JOBS}/timers.ts`;
const ENDING = `${JOBS}/ending.ts`;
const ADVANCE = `${JOBS}/advance.ts`;

/** Of jobs that run no command, of conditions of time, and of what else was added to the units. */
export const KIND_MUTANTS: readonly Mutant[] = [
  planted('held-begins', 'a job that is held from its start begins by itself', 30, [
    ENDING,
    "hold ? 'held' : skip",
    "hold === undefined ? 'held' : skip",
  ]),
  planted('calendar-unasked', 'a job begins while its calendar is closed', 30, [
    ADVANCE,
    'return calendar !== null && !draft.env.isOpen(calendar.id, draft.env.nowMs);',
    'return calendar !== null && draft.env.nowMs < 0;',
  ]),
  planted('inner-queue-unasked', 'a jobnet in a jobnet begins without a place in its queue', 300, [
    ENDING,
    "return 'queue' in body ? body.queue : null;",
    "return 'queue' in body && !(body.type === 'jobnet' && draft.job(id).within.length > 0) ? body.queue : null;",
  ]),
  planted('elapsed-since-schedule', 'minutes since the session began are half as long', 100, [
    CONDITIONS,
    'return (session.startedAtMs ?? session.scheduledAtMs) + condition.minutes * MINUTE_MS;',
    'return (session.startedAtMs ?? session.scheduledAtMs) + condition.minutes * 30_000;',
  ]),
  planted('time-is-now', 'a time of day is over as soon as it is asked for', 100, [
    CONDITIONS,
    "if (condition.kind === 'time') return draft.clockMs(condition.at, () => clockTimeMs(unit, session, condition.at));",
    "if (condition.kind === 'time') return Math.min(clockTimeMs(unit, session, condition.at), session.scheduledAtMs);",
  ]),
  planted('time-never-wakes', 'nobody wakes a session for a condition of time', 100, [
    TIMERS,
    '  for (const each of times) later(conditionMs(draft, each));\n',
    '',
  ]),
  planted('any-file-is-each', 'one node that saw a file is enough where each should', 300, [
    LEAVES,
    'const isMet = isAny ? nodes.some(',
    'const isMet = isAny || true ? nodes.some(',
  ]),
  planted('watch-not-resumed', 'after a take-over nobody looks for the files that jobs wait for', 300, [
    STEP,
    "if (body.type === 'file-check') watchFiles(draft, id, body);",
    "if (body.type === 'file-check') draft.touch(id);",
  ]),
  planted('monitor-not-resumed', 'after a take-over nobody looks for jobs that monitor', 1_000, [
    STEP,
    "else if (body.type === 'monitor') runMonitors(draft, id, body);",
    "else if (body.type === 'monitor') draft.touch(id);",
  ]),
  planted('best-monitor-decides', 'the best of what monitors said decides', 300, [
    LEAVES,
    'const worst = nodes.reduce((one, other) => (other.asked < one.asked ? other : one));',
    'const worst = nodes.reduce((one, other) => (other.asked > one.asked ? other : one));',
  ]),
  planted('denied-is-approved', 'whoever denies approves', 100, [
    ASKING,
    "const as = operation === 'approve' ? body.approved : body.denied;",
    "const as = operation === 'deny' ? body.denied && body.approved : body.approved;",
  ]),
  planted('past-messages-unseen', 'what was said before a job began is not looked for', 100, [
    ASKING,
    'if (body.pastMinutes === 0) return;',
    'if (body.pastMinutes >= 0) return;',
  ]),
  planted('sent-once', 'a message that did not arrive is not sent again', 300, [
    TIMERS,
    "if (body.type === 'link-send' && run.notBeforeMs !== null && nowMs >= run.notBeforeMs) sendLinkAgain(draft, id, body);",
    '',
  ]),
  planted('timeout-unseen', 'the time of a job that waits is never over', 100, [
    TIMERS,
    'if (overMs !== null && nowMs >= overMs) {',
    'if (overMs !== null && nowMs < overMs - 1e12) {',
  ]),
  planted('copied-to-the-first', 'the first of several targets is enough', 300, [
    TRANSFER,
    "for (const node of body.target.nodes === 'all' ? open : open.slice(0, 1)) copy(draft, job, body, node, files);",
    "for (const node of open) if (node === open[0]) copy(draft, job, body, node, files);\n      else patchNode(draft, job, node.facility, { state: 'ended', returnValue: 0 });",
  ]),
  planted('transfer-not-resumed', 'after a take-over nobody copies on', 300, [
    STEP,
    "else if (body.type === 'file-transfer') resumeTransfer(draft, id, body);",
    "else if (body.type === 'file-transfer') draft.touch(id);",
  ]),
  planted('reference-waits-elsewhere', 'what a reference brings along waits for jobs beside the reference', 300, [
    COMPILED,
    "conditions: conditions.map((each) => ('job' in each && !('unit' in each)",
    "conditions: conditions.map((each) => ('job' in each && !('unit' in each) && prefix === ''",
  ]),
  planted('lowest-priority-first', 'of nodes that run it one after the other that with the lowest priority comes first', 300, [
    NODES,
    'sort((one, other) => rank(other) - rank(one))',
    'sort((one, other) => rank(one) - rank(other))',
  ]),
  planted('variables-not-set', 'what a command wrote does not become a variable', 300, [
    NEWS,
    '  setSessionVariables(draft, ended.variables);\n',
    '',
  ]),
  planted(
    'told-again-in-a-round',
    'what is told of a job that is set back before it began has the id of what was told before',
    1_000,
    [ENDING, 'if (state === to && marks.length === 0)', 'if (state === to && marks.length >= 0)'],
  ),
];
