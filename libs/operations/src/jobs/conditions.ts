import type { StartCondition, WaitRule } from '@yosugara/protocol';
import { render } from '../notifications/index.js';
import type { Draft } from './draft.js';
import { numberHolds, numbersHold } from './numbers.js';
import { isEnded } from './states.js';
import { clockTimeMs, MINUTE_MS } from './times.js';
import type { JobRun } from './types.js';
import { valuesIn } from './variables.js';

/** `never`: as things are it can no longer be met. */
export type Verdict = 'met' | 'open' | 'never';

/** Of a variable that is wrong now, but may be set by what is still to come. */
type Judged = Verdict | 'wrong';

/** Whether a job's start conditions hold. That of the job which a session begins with do not count: nothing stands beside it. */
export function judgeWait(draft: Draft, job: string): Verdict {
  const { groups, operator } = draft.job(job).wait;
  if (groups.length === 0 || draft.session.root === job) return 'met';
  const judged = groups.map((group) => group.conditions.map((each) => judge(draft, job, each)));
  // A variable is judged for good when all else of the rule is decided.
  const mayChange = judged.some((group) => group.includes('open'));
  const wrong: Verdict = mayChange ? 'open' : 'never';
  return join(
    operator,
    groups.map((group, at) =>
      join(
        group.operator,
        judged[at]!.map((each) => (each === 'wrong' ? wrong : each)),
      ),
    ),
  );
}

function join(operator: WaitRule['operator'], verdicts: readonly Verdict[]): Verdict {
  const [decides, last] = operator === 'and' ? (['never', 'met'] as const) : (['met', 'never'] as const);
  if (verdicts.includes(decides)) return decides;
  return verdicts.includes('open') ? 'open' : last;
}

const decided = (holds: boolean): Verdict => (holds ? 'met' : 'never');

function judge(draft: Draft, job: string, condition: StartCondition): Judged {
  const { env } = draft;
  switch (condition.kind) {
    case 'end-status':
    case 'end-value':
    case 'return-value': {
      const run = draft.run(condition.job);
      return isEnded(run.state) ? decided(endHolds(run, condition)) : 'open';
    }
    case 'time':
    case 'elapsed': {
      const atMs = conditionMs(draft, condition);
      return atMs === null || env.nowMs >= atMs ? 'met' : 'open';
    }
    case 'variable': {
      const values = valuesIn(draft, job, null);
      const [left, right] = [render(condition.left, values), render(condition.right, values)];
      return variableHolds(left, condition.operator, right) ? 'met' : 'wrong';
    }
    case 'cross-session-end-status':
    case 'cross-session-end-value': {
      const end = env.newestEnd(condition.unit, condition.job);
      // A later session may end as it should: it is never too late.
      if (end === null || end.endedAtMs < env.nowMs - condition.withinMinutes * MINUTE_MS) return 'open';
      const holds =
        condition.kind === 'cross-session-end-status'
          ? condition.status.includes(end.status)
          : numberHolds(condition.operator, end.value, condition.value);
      return holds ? 'met' : 'open';
    }
  }
}

function endHolds(
  run: JobRun,
  condition: Extract<StartCondition, { kind: 'end-status' | 'end-value' | 'return-value' }>,
): boolean {
  if (condition.kind === 'end-status') return run.endStatus !== null && condition.status.includes(run.endStatus);
  if (condition.kind === 'end-value')
    return run.endValue !== null && numberHolds(condition.operator, run.endValue, condition.value);
  const returned = run.nodes.flatMap(({ returnValue }) => (returnValue === null ? [] : [returnValue]));
  return numbersHold(condition.operator, returned, condition.value);
}

const NUMBER = /^\s*-?\d+(\.\d+)?\s*$/;

/** As text with `equal` and `not-equal`; else both must be numbers (the right one a list with `in`). */
function variableHolds(
  left: string,
  operator: Extract<StartCondition, { kind: 'variable' }>['operator'],
  right: string,
): boolean {
  if (operator === 'equal') return left === right;
  if (operator === 'not-equal') return left !== right;
  return NUMBER.test(left) && right.trim() !== '' && numberHolds(operator, Number(left), right);
}

/** From when on a condition of time holds; null = it does not count in this session. */
export function conditionMs(draft: Draft, condition: Extract<StartCondition, { kind: 'time' | 'elapsed' }>): number | null {
  const { session, unit } = draft;
  if (session.ignoresTimes) return null;
  if (condition.kind === 'time') return draft.clockMs(condition.at, () => clockTimeMs(unit, session, condition.at));
  return (session.startedAtMs ?? session.scheduledAtMs) + condition.minutes * MINUTE_MS;
}

/** What is still open of them, as people say it. */
export function openConditions(draft: Draft, job: string): readonly string[] {
  if (draft.session.root === job) return [];
  return draft.job(job).wait.groups.flatMap(({ conditions }) =>
    conditions.flatMap((each) => {
      const found = judge(draft, job, each);
      return found === 'met' ? [] : [sentence(draft, each)];
    }),
  );
}

function sentence(draft: Draft, condition: StartCondition): string {
  switch (condition.kind) {
    case 'end-status':
      return `${condition.job} to end ${condition.status.join(' or ')}`;
    case 'end-value':
      return `${condition.job} to end with a value ${condition.operator} ${condition.value}`;
    case 'return-value':
      return `${condition.job} to return ${condition.operator} ${condition.value}`;
    case 'time':
      return `${condition.at} (${draft.unit.body.timeZone})`;
    case 'elapsed':
      return `${condition.minutes} minutes since the session began`;
    case 'variable':
      return `${condition.left} ${condition.operator} ${condition.right}`;
    case 'cross-session-end-status':
      return `${condition.job} of ${condition.unit} to end ${condition.status.join(' or ')}`;
    case 'cross-session-end-value':
      return `${condition.job} of ${condition.unit} to end with a value ${condition.operator} ${condition.value}`;
  }
}
