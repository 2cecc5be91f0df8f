import {
  type FileSeen,
  fileCheckOutcome,
  isLinkMeant,
  type JobSession,
  type LinkMessage,
  linkVariables,
  type Result,
  resultId,
  variablesGiven,
} from '@yosugara/operations';
import type { JobTriggerBody } from '@yosugara/protocol';
import type { JobRules, JobTriggerSetting } from './job-rules.js';
import type { JobTurn } from './job-turn.js';
import type { JobWork, Needs } from './job-work.js';
import type { StartAnswer, StartRequest, TriggerMark } from './ports.js';
import type { FiredSchedule } from './schedules.js';
import type { Between } from './slices.js';

/** Of a file trigger: what was seen while its calendar was closed. */
const MOST_CARRIED = 1_000;

interface Carried {
  readonly carried: readonly { readonly agent: string; readonly seen: FileSeen }[];
}

export const needsOf = ({ request, unit, scheduledAtMs }: StartRequest & { readonly scheduledAtMs: number }): Needs => ({
  begins: { unit, scheduledAtMs },
  ...(request === null ? {} : { request }),
});

/** Begins a session, or says why not. What it needs to know is known (`needsOf`). */
export function startSession(
  work: JobWork,
  turn: JobTurn,
  rules: JobRules,
  asked: StartRequest & { readonly scheduledAtMs: number; readonly premade?: boolean },
): StartAnswer {
  const { request } = asked;
  const known = request === null ? null : (work.requests.get(request) ?? turn.sessionOfRequest(request));
  if (known !== null) return { kind: 'started', session: known, again: true };
  const setting = rules.unit(asked.unit);
  if (setting === null) return { kind: 'unknown', what: 'unit' };
  const unit = work.sessions.pin(setting);
  if (unit.mistakes.length > 0) return { kind: 'refused', why: `The unit ${asked.unit} cannot run: ${unit.mistakes[0]}.` };
  if (asked.job !== null && !unit.jobs.has(asked.job)) return { kind: 'unknown', what: 'job' };
  const { trigger, scheduledAtMs, variables, ignoresTimes } = asked;
  const session = turn.begin(
    unit,
    {
      ...{ root: asked.job, trigger, scheduledAtMs, variables, ignoresTimes, testCommand: asked.commandInstead },
      premade: asked.premade ?? false,
    },
    request,
  );
  return { kind: 'started', session: session.id, again: false };
}

/** What a schedule that is due brings about. */
export async function fireSchedule(
  work: JobWork,
  turn: JobTurn,
  rules: JobRules,
  { trigger, decisions, mark }: FiredSchedule,
  between: Between,
): Promise<void> {
  turn.marks.push(mark);
  for (const decision of decisions) {
    const pause = between();
    if (pause !== null) await pause;
    if (decision.kind === 'drop') {
      turn.results.push(decision.result);
      for (const [dueMs, session] of work.schedules.premadeBetween(trigger.id, decision.firstMs, decision.lastMs))
        if (isUntouched(work.sessions.session(session))) {
          work.schedules.takePremade(trigger.id, dueMs);
          turn.remove(session);
        }
      continue;
    }
    const { dueMs, why } = decision;
    const premade = work.schedules.takePremade(trigger.id, dueMs);
    if (premade !== null && work.sessions.session(premade) !== null) {
      if (decision.kind === 'ask') hold(turn, premade, dueMs);
      turn.hear(premade, { kind: 'tick' });
      continue;
    }
    const answer = startSession(work, turn, rules, {
      ...startOf(trigger, 'schedule', dueMs, decision.lateMs > 60_000 ? why : trigger.id),
      premade: decision.kind === 'ask',
    });
    if (answer.kind !== 'started') turn.results.push(notBegun(trigger, answer, dueMs, turn.env.nowMs));
    else if (decision.kind === 'ask') hold(turn, answer.session, dueMs);
  }
}

/** As if somebody had held it just before its time: with the time of now it would begin. */
const hold = (turn: JobTurn, session: string, dueMs: number): void =>
  void turn.operate(
    session,
    { kind: 'operate', operation: 'hold', job: null, facility: null, who: 'late policy', end: null },
    dueMs - 1,
  );

/** Sessions of runs to come, so that they can be seen, held and skipped. */
export function makeBeforehand(
  work: JobWork,
  turn: JobTurn,
  rules: JobRules,
  most: number,
): { readonly needs: readonly Needs[]; run(between: Between): Promise<boolean> } {
  const touched = (session: JobSession) => !isUntouched(session);
  const isOpen = (calendar: string | null, atMs: number) => rules.calendarOpen(calendar, atMs);
  const changes = [...work.schedules.beforehand((id) => work.sessions.session(id), touched, turn.env.nowMs, isOpen)];
  const makes = changes.flatMap(({ trigger, body, make }) =>
    body === null ? [] : make.map((dueMs) => ({ trigger, body, dueMs })),
  );
  const now = makes.slice(0, most);
  return {
    needs: now.map(({ body, dueMs }) => ({ begins: { unit: body.unit, scheduledAtMs: dueMs } })),
    run: async (between) => {
      for (const { trigger, remove } of changes)
        for (const { session, dueMs } of remove) {
          work.schedules.takePremade(trigger, dueMs);
          turn.remove(session);
        }
      for (const { trigger, body, dueMs } of now) {
        if (turn.isFull) return false;
        const pause = between();
        if (pause !== null) await pause;
        const setting: JobTriggerSetting = { id: trigger, revision: 0, body };
        const answer = startSession(work, turn, rules, { ...startOf(setting, 'schedule', dueMs, trigger), premade: true });
        const session = answer.kind === 'started' ? work.sessions.session(answer.session) : null;
        if (session !== null) work.schedules.notePremade(session);
      }
      return makes.length <= most;
    },
  };
}

/** Nobody held it, skipped it, or changed something of it. */
function isUntouched(session: JobSession | null): boolean {
  if (session === null || session.state !== 'scheduled') return false;
  return [...session.jobs.values()].every(({ state }) => state === 'waiting' || state === 'scheduled');
}

/** What an agent saw of a file that a trigger looks for. @returns what it needs; null = nothing begins. */
export function seenFile(
  work: JobWork,
  rules: JobRules,
  trigger: JobTriggerSetting | null,
  agent: string,
  seen: FileSeen,
  nowMs: number,
): { readonly request: StartRequest & { readonly scheduledAtMs: number } } | { readonly carry: TriggerMark } | null {
  if (trigger === null || trigger.body.type !== 'file-check') return null;
  const { body, id } = trigger;
  const isOpen = (calendar: string | null, atMs: number) => rules.calendarOpen(calendar, atMs);
  const outcome = fileCheckOutcome(body, rules.wholePattern(body.file.name), agent, seen, nowMs, isOpen);
  if (outcome.kind === 'begin') {
    const start = startOf(trigger, 'file-check', nowMs, outcome.info);
    return { request: { ...start, variables: { ...start.variables, ...outcome.variables } } };
  }
  if (outcome.kind !== 'carry') return null;
  const before = (work.marks.get(id)?.state as Carried | null)?.carried ?? [];
  return { carry: { trigger: id, firedUpToMs: nowMs, state: { carried: [...before, { agent, seen }].slice(-MOST_CARRIED) } } };
}

/** Files that were seen while the calendars of their triggers were closed, and are open now. */
export function carriedOver(
  work: JobWork,
  rules: JobRules,
  nowMs: number,
): readonly { readonly mark: TriggerMark; readonly requests: readonly (StartRequest & { readonly scheduledAtMs: number })[] }[] {
  return [...work.marks.values()].flatMap((mark) => {
    const carried = (mark.state as Partial<Carried> | null)?.carried ?? [];
    const trigger = carried.length === 0 ? null : rules.trigger(mark.trigger);
    if (carried.length === 0) return [];
    if (trigger !== null && trigger.body.type === 'file-check' && !rules.calendarOpen(trigger.body.calendar, nowMs)) return [];
    const found = carried.map(({ agent, seen }) => seenFile(work, rules, trigger, agent, seen, nowMs));
    const requests = found.flatMap((each) => (each !== null && 'request' in each ? [each.request] : []));
    return [{ mark: { trigger: mark.trigger, firedUpToMs: nowMs, state: null }, requests }];
  });
}

/** Sessions that a link message begins. */
export function startsOfLink(
  rules: JobRules,
  message: LinkMessage,
  nowMs: number,
): readonly (StartRequest & { readonly scheduledAtMs: number })[] {
  return [...rules.triggers()].flatMap((trigger) => {
    const { body, id } = trigger;
    if (body.type !== 'link-receive' || !rules.calendarOpen(body.calendar, nowMs)) return [];
    if (!isLinkMeant(body, body.pattern === null ? null : rules.pattern(body.pattern), message)) return [];
    const start = startOf(trigger, 'link-receive', nowMs, `message ${message.messageId}`);
    return [{ ...start, request: `link/${message.id}/${id}`, variables: { ...start.variables, ...linkVariables(message) } }];
  });
}

export const scheduleNeeds = ({ trigger, decisions }: FiredSchedule): readonly Needs[] =>
  decisions.flatMap((each) => (each.kind === 'drop' ? [] : [{ begins: { unit: trigger.body.unit, scheduledAtMs: each.dueMs } }]));

function startOf(
  { id, body }: JobTriggerSetting,
  type: JobTriggerBody['type'],
  scheduledAtMs: number,
  info: string,
): StartRequest & { readonly scheduledAtMs: number } {
  const given = variablesGiven(body.parameters, {}, false);
  return {
    ...{ request: null, unit: body.unit, job: body.job, trigger: { type, id, info }, scheduledAtMs },
    ...{ variables: given.ok ? given.variables : {}, ignoresTimes: false, commandInstead: null, by: null },
  };
}

/** What should have begun and did not is never silent. */
function notBegun(
  { id, body }: JobTriggerSetting,
  answer: Exclude<StartAnswer, { kind: 'started' }>,
  dueMs: number,
  nowMs: number,
): Result {
  const why = answer.kind === 'refused' ? answer.why : `There is no ${answer.what} of that name that is enabled.`;
  return {
    ...{ id: resultId('JOB', body.unit, id, 'dropped', `refused:${dueMs}`), trigger: 'job', plugin: 'job', monitor: id },
    ...{ facility: 'INTERNAL', sender: null, item: body.unit, sub: 'dropped', priority: 'warning', application: 'yosugara' },
    message: `A run of job unit ${body.unit} by ${id}, due at ${new Date(dueMs).toISOString()}, did not begin. ${why}`,
    ...{ original: '', atMs: nowMs, notifications: [] },
  };
}
