import type { Mutant } from '../mutant-types.js';
import { planted } from './mutants-planted.js';

const RUNTIME = 'libs/runtime/src/jobs';
const LOOP = `${RUNTIME}/job-loop.ts`;
const GATHER = `${RUNTIME}/turn-gather.ts`;
const WORK = `${RUNTIME}/job-work.ts`;
const TURN = `${RUNTIME}/job-turn.ts`;
const OUTSIDE = `${RUNTIME}/outside.ts`;
const CONTROL = `${RUNTIME}/job-control.ts`;
const STARTS = `${RUNTIME}/job-starts.ts`;
const SCHEDULES = `${RUNTIME}/schedules.ts`;
const SESSIONS = `${RUNTIME}/open-sessions.ts`;
const PERMITTED = 'libs/runtime/src/loops/permitted-loop.ts';
const JOBS = 'libs/operations/src/jobs';
const LATE = `${JOBS}/triggers/late.ts`;

const STORE = 'const operations = await work.store(turn, made);';

/** In the loop around the engine, and in what begins sessions. */
export const LOOP_MUTANTS: readonly Mutant[] = [
  planted('said-before-stored', 'what follows from a claim leaves before the claim is stored', 20, [
    LOOP,
    STORE,
    `for (const each of made.outside) work.outside.do(each);\n    ${STORE}`,
  ]),
  planted('acknowledged-before-stored', 'an agent may forget its news before they are committed', 20, [
    LOOP,
    STORE,
    `this.#inbox.answer();\n    ${STORE}`,
  ]),
  planted('lease-not-asked-after', 'nobody looks whether the lease is still there when the commit is', 1_000, [
    LOOP,
    `    if (this.#loop.permitNow()?.epoch !== work.epoch)
      throw new CommitUnknownError('this node ceased to serve while it was stored: ask the next Master');
`,
    '',
  ]),
  planted('old-epoch-in-instruction', 'instructions have the epoch of whoever was Master first', 20, [
    OUTSIDE,
    'if (!links.send(facility, { ...instruction, epoch }))',
    'if (!links.send(facility, { ...instruction, epoch: Math.min(epoch, 1) }))',
  ]),
  planted('memory-kept', 'what ran ahead of the database is kept after a commit that failed', 100, [
    LOOP,
    `    this.#work.stop();
    this.#work = null;
    this.#loaded = later();`,
    `    if ((error as { code?: unknown } | null)?.code === 'NOT_SERVING') {
      this.#work.stop();
      this.#work = null;
      this.#loaded = later();
    }`,
  ]),
  planted(
    'poke-lost',
    'who comes while a turn is under way waits until the loop wakes up by itself',
    30,
    [PERMITTED, '!(wakeable && this.#isPoked)', '!(wakeable && this.#isStopped)'],
    [LOOP, 'if (!this.#inbox.isEmpty || work.heard.length > 0 ||', 'if (work.heard.length < 0 ||'],
  ),
  planted('request-not-known', 'whoever asks again under the same request has another session', 100, [
    STARTS,
    'const known = request === null ? null : (work.requests.get(request) ?? turn.sessionOfRequest(request));',
    'const known = request === null ? null : turn.sessionOfRequest(request);',
  ]),
  planted('nobody-resumes', 'sessions are not told that there is a new manager', 100, [
    SESSIONS,
    "open.isFresh ? [{ kind: 'resume' }, ...inputs] : inputs;",
    'inputs;',
  ]),
  planted('number-taken', 'two sessions of one second have one id', 100, [TURN, '    this.#taken.take(id);\n', '']),
  planted('errand-once', 'an errand that was done once is not done again', 100, [
    OUTSIDE,
    '        this.#known.delete(key);\n',
    '',
  ]),
  planted('others-end-unheard', 'nobody is told that a session of another unit ended', 100, [
    GATHER,
    "for (const session of sessions.takeCrossed()) work.heard.push({ session, input: { kind: 'past-end' } });",
    'sessions.takeCrossed();',
  ]),
  planted('link-not-yet-known', 'a job that begins in the moment in which a message is stored does not find it', 1_000, [
    CONTROL,
    '        work.sessions.past.learnLinks([message]);\n',
    '',
  ]),
  planted('links-not-read', 'a new Master does not know what was said before', 100, [
    WORK,
    'sessions.past.learnLinks(await store.linksSince(clock.wallMs() - LINKS_BACK_MS, MOST_LINKS));',
    '',
  ]),
  planted('tick-not-stored', 'nobody stores up to when a schedule is decided', 30, [
    STARTS,
    '  turn.marks.push(mark);\n  for (const decision',
    '  for (const decision',
  ]),
  planted('tick-before-its-session', 'that a run is decided is stored before what becomes of it', 300, [
    WORK,
    '    await store.storeJobs(batch, this.epoch, this.#version);',
    `    if (marks.length > 0) {
      const only = { sessions: [], removed: [], outputs: [], history: [], links: [], spools: [] };
      await store.storeJobs({ ...batch, ...only, operations: { ...operations, results: [], events: [] } }, this.epoch, this.#version++);
    }
    await store.storeJobs({ ...batch, marks: [] }, this.epoch, this.#version);`,
  ]),
  planted('dropped-silently', 'a run that is dropped is nobody’s business', 100, [
    STARTS,
    '      turn.results.push(decision.result);\n      for (const [dueMs',
    '      for (const [dueMs',
  ]),
  planted('collapsed-silently', 'of those that another run stands for nobody is told', 1_000, [
    LATE,
    "for (const { dueMs } of late.splice(0)) drops.add(dueMs, 'collapsed');",
    'late.splice(0);',
  ]),
  planted('late-and-on-time', 'a run that is on time begins, and one that is late for all that were missed, too', 1_000, [
    LATE,
    "if (body.late === 'run' && onTime.length > 0)",
    "if (body.late === 'run' && onTime.length > 99)",
  ]),
  planted('beforehand-and-again', 'a session that was made beforehand is not that of its run', 100, [
    STARTS,
    'if (premade !== null && work.sessions.session(premade) !== null) {',
    'if (premade !== null && work.sessions.session(premade) === null) {',
  ]),
  planted(
    'beforehand-of-nobody',
    'a session that was made beforehand begins though its schedule was disabled a moment before',
    300,
    [LOOP, 'if (await work.follow()) this.#gather.lookBeforehand();', 'await work.follow();'],
  ),
  planted('beforehand-forgotten', 'a new Master does not know which runs have their session already', 300, [
    WORK,
    'if (session.startedAtMs === null) work.schedules.notePremade(session);',
    'if (session.startedAtMs !== null) work.schedules.notePremade(session);',
  ]),
  planted('carried-again', 'files that waited for a calendar begin sessions each time it is open', 100, [
    GATHER,
    '      turn.marks.push(mark);\n      for (const request of requests)',
    '      for (const request of requests)',
  ]),
  planted('carried-by-last', 'of the files that wait for a calendar only the last is remembered', 300, [
    STARTS,
    'state: { carried: [...before, { agent, seen }].slice(-MOST_CARRIED) }',
    'state: { carried: [{ agent, seen }].slice(-MOST_CARRIED) }',
  ]),
  planted('due-from-now', 'a schedule begins anew with each Master', 100, [
    SCHEDULES,
    'const decidedMs = Math.max(...[written.get(id), mark?.firedUpToMs].filter((each) => each !== undefined));',
    'const decidedMs = nowMs;',
  ]),
];
