import type { Mutant } from '../mutant-types.js';
import { KIND_MUTANTS } from './mutants-kinds.js';
import { LOOP_MUTANTS } from './mutants-loop.js';
import { planted } from './mutants-planted.js';

const JOBS = 'libs/operations/src/jobs';
const NEWS = `${JOBS}/news.ts`;
const NODES = `${JOBS}/nodes.ts`;
const ENDING = `${JOBS}/ending.ts`;
const ADVANCE = `${JOBS}/advance.ts`;
const CONDITIONS = `${JOBS}/conditions.ts`;
const NUMBERS = `${JOBS}/numbers.ts`;
const TIMERS = `${JOBS}/timers.ts`;
const STEP = `${JOBS}/step.ts`;
const PLACES = `${JOBS}/places.ts`;
const GATE = 'libs/runtime/src/jobs/place-gate.ts';

export const JOBS_MUTANTS: readonly Mutant[] = [
  ...LOOP_MUTANTS,
  ...KIND_MUTANTS,
  planted('permit-not-stored', 'the answer to a start check leaves, and nobody stores to whom', 20, [
    NEWS,
    'patchNode(draft, job, facility, { spool, epoch: draft.env.epoch });',
    'patchNode(draft, job, facility, { epoch: draft.env.epoch });',
  ]),
  planted('another-disk-unnoticed', 'an agent that comes back with another disk is taken for the one that was', 100, [
    NEWS,
    'if (node.spool !== null && node.spool !== spool) {',
    'if (node.spool === undefined) {',
  ]),
  planted('lost-is-abnormal', 'a run that was lost counts as one that failed', 100, [
    NEWS,
    "if (ended.outcome === 'lost') {",
    "if (ended.outcome === ('gone' as string)) {",
  ]),
  planted('unknown-is-an-end', 'a job ends though nobody knows what became of one of its runs', 100, [
    NODES,
    'if (unknown !== undefined && decided === undefined) draft.move',
    'if (unknown !== undefined && decided !== undefined) draft.move',
  ]),
  planted(
    'not-started-is-an-end',
    'a run that nobody let start in time counts as one that failed: a take-over makes jobs fail',
    100,
    [
      NEWS,
      "if (again && node.state === 'claimed' && node.unstarted < body.agentRetry.attempts) {",
      "if (again && node.state === 'claimed' && node.unstarted < 0) {",
    ],
  ),
  planted('run-id-twice', 'an attempt of a job has the run ids of the one before', 30, [
    NODES,
    'const attempt = draft.run(id).runs + 1;\n  draft.patch(id, { runs: attempt, nodes:',
    'const attempt = 1;\n  draft.patch(id, { runs: attempt, nodes:',
  ]),
  planted('run-ids-forgotten', 'jobs in a jobnet that runs again count their runs from the beginning', 100, [
    ENDING,
    'const patch = { ...fresh, round: round + 1, runs };',
    'const patch = { ...fresh, round: round + 1, runs: runs * 0 };',
  ]),
  planted('round-not-counted', 'what is told of a second round has the ids of the first', 100, [
    ENDING,
    'const patch = { ...fresh, round: round + 1, runs };',
    'const patch = { ...fresh, round, runs };',
  ]),
  planted('command-retry-once-more', 'a command is run once more than it should', 30, [
    NEWS,
    'retries >= commandRetry.attempts) return false;',
    'retries > commandRetry.attempts) return false;',
  ]),
  planted('retry-once-less', 'a job has one attempt less than it should', 30, [
    ENDING,
    'run.attempt > retry.attempts) {',
    'run.attempt >= retry.attempts) {',
  ]),
  planted('retry-without-children', 'a jobnet that runs again finds its jobs ended already', 100, [
    ENDING,
    'if (draft.job(id).children.length > 0) resetWithin(draft, id);',
    'if (draft.job(id).children.length < 0) resetWithin(draft, id);',
  ]),
  planted('retry-never-wakes', 'nobody wakes a session for the next attempt of a job', 100, [
    TIMERS,
    '  later(run.notBeforeMs);\n',
    '',
  ]),
  planted('best-node-decides', 'the best of its nodes decides how a job ends', 30, [
    NODES,
    'statusOf(body.endStatus, one.returnValue)) ? other : one;',
    'statusOf(body.endStatus, one.returnValue)) ? one : other;',
  ]),
  planted('and-is-or', 'one condition of a group that needs all is enough', 30, [
    CONDITIONS,
    "operator === 'and' ? (['never', 'met'] as const)",
    "operator === ('all' as string) ? (['never', 'met'] as const)",
  ]),
  planted('one-node-is-each', 'a return value of one node decides where each should', 300, [
    NUMBERS,
    'return values.every((value) => numberHolds(operator, value, against));',
    'return values.some((value) => numberHolds(operator, value, against));',
  ]),
  planted(
    'both-branches-run',
    'a job of an exclusive branch does not see that another one was taken',
    100,
    [
      ADVANCE,
      'if (other !== id && isTaken(draft, other)) return { of, other };',
      'if (other === id && isTaken(draft, other)) return { of, other };',
    ],
    [
      ADVANCE,
      'if (other !== id && isAhead(draft.state(other)) && !isTaken(draft, other))',
      'if (other === id && isAhead(draft.state(other)) && !isTaken(draft, other))',
    ],
  ),
  planted(
    'unmatched-before-taken',
    'a branch that is not taken ends as unmatched, before it is known whether another one is',
    100,
    [ADVANCE, 'if (unmatched !== null && !hasOpenRival(draft, id))', 'if (unmatched !== null)'],
  ),
  planted('every-job-decides', 'jobs that others wait for decide how a jobnet ends, too', 30, [
    ENDING,
    'draft.job(child).waitedBy.length === 0;',
    'draft.job(child).waitedBy.length >= 0;',
  ]),
  planted('session-ends-best', 'the best of its last jobs decides how a session ends', 30, [
    ENDING,
    '(isWorse(other.endStatus!, one.endStatus!) ? other : one)',
    '(isWorse(other.endStatus!, one.endStatus!) ? one : other)',
  ]),
  planted('waiters-not-looked-at', 'what waits for a job is not looked at when it ended', 20, [
    ENDING,
    '[...(exclusive?.order ?? []), ...waitedBy]',
    '[...(exclusive?.order ?? []), ...waitedBy.slice(1)]',
  ]),
  planted('parent-not-looked-at', 'a jobnet is not looked at when a job in it ended', 20, [
    ENDING,
    '  draft.touch(draft.parentOf(id));\n}\n\nfunction tellEnd',
    '}\n\nfunction tellEnd',
  ]),
  planted('place-not-given-back', 'a job that ended keeps its place in its queue', 100, [
    ENDING,
    "draft.effects.push({ kind: 'leave-place', key: queueKey(draft, id, queue) });",
    '',
  ]),
  planted('one-place-too-many', 'one more gets a place than there are', 30, [
    PLACES,
    'while (room.holders.size < concurrency',
    'while (room.holders.size <= concurrency',
  ]),
  planted('places-before-all-spoke', 'places are given after a take-over before all have said which ones they have', 300, [
    GATE,
    '#held: Map<string, Want> | null = new Map();',
    '#held: Map<string, Want> | null = null;',
  ]),
  planted('place-not-remembered', 'a session does not say after a take-over that it has a place', 300, [
    STEP,
    "if (queue !== null) draft.effects.push({ kind: 'want-place'",
    "if (queue !== null && !hasMark(run, 'place')) draft.effects.push({ kind: 'want-place'",
  ]),
  planted('other-sessions-not-heard', 'a session that waits for another one does not hear that it ended', 100, [
    STEP,
    "if (state === 'waiting' || state === 'skipped') draft.touch(id);",
    "if (state === 'held') draft.touch(id);",
  ]),
];
