import { JOB_TRANSITIONS } from './table.js';
import { JOB_STATES, type JobOperation, type JobState, RUN_STATES, type RunState } from './types.js';

export const OPERATION_LEVELS = ['session', 'jobnet', 'job', 'node'] as const;
export type OperationLevel = (typeof OPERATION_LEVELS)[number];

export interface OperationRule {
  readonly operation: JobOperation;
  readonly level: OperationLevel;
  readonly states: readonly (JobState | RunState)[];
  /** What it does there. */
  readonly does: string;
  /** Why it is not allowed elsewhere. */
  readonly elsewhere: string;
}

interface Wording {
  readonly levels: readonly OperationLevel[];
  readonly does: string;
  readonly elsewhere: string;
}

const EACH = ['session', 'jobnet', 'job'] as const;
const WORDS: Readonly<Record<JobOperation, Wording>> = {
  start: {
    levels: EACH,
    does: 'begins it (again), whatever its conditions and calendar say; a jobnet with all that is in it',
    elsewhere: 'it has not ended: release it, force it to run, or stop it first',
  },
  'release-hold': { levels: EACH, does: 'it waits for its conditions again', elsewhere: 'nobody holds it' },
  'release-skip': { levels: EACH, does: 'it waits for its conditions again', elsewhere: 'it is not to be skipped' },
  'release-suspend': { levels: EACH, does: 'what is left of it starts', elsewhere: 'it is not suspended' },
  'force-run': {
    levels: ['jobnet', 'job'],
    does: 'begins it without its conditions, calendar, queue and places on nodes',
    elsewhere: 'it runs or has run already: to run it again is start',
  },
  stop: {
    levels: EACH,
    does: 'commands are stopped by their stop commands, nothing more starts',
    elsewhere: 'nothing of it runs',
  },
  suspend: { levels: EACH, does: 'what runs goes on, nothing more starts', elsewhere: 'nothing of it runs: hold it instead' },
  skip: { levels: EACH, does: 'it ends without having run when its turn comes', elsewhere: 'its turn has come already' },
  hold: { levels: EACH, does: 'it does not begin before somebody releases it', elsewhere: 'its turn has come already' },
  'change-end': {
    levels: EACH,
    does: 'changes how it ended; what waits for it is judged by it from then on',
    elsewhere: 'it has not ended: say how it ends with set-end or force-end',
  },
  'set-end': {
    levels: EACH,
    does: 'it ends so without running',
    elsewhere: 'it runs (force-end), or has ended already (change-end)',
  },
  'force-end': {
    levels: EACH,
    does: 'it ends so at once; its command may still run, and what becomes of it changes nothing',
    elsewhere: 'it does not run: set-end or change-end do it',
  },
  'force-stop': {
    levels: EACH,
    does: 'its commands are killed (SIGKILL), and it is stopped without waiting for them',
    elsewhere: 'nothing of it runs',
  },
  approve: { levels: ['job'], does: 'an approval job ends as it says for yes', elsewhere: 'nobody is asked (any more)' },
  deny: { levels: ['job'], does: 'an approval job ends as it says for no', elsewhere: 'nobody is asked (any more)' },
};

const NODE_RULES: readonly OperationRule[] = [
  {
    operation: 'start',
    level: 'node',
    states: ['ended', 'not-started', 'unknown'],
    does: 'runs the command once more on this node, as a new run',
    elsewhere: 'it has not ended on this node',
  },
  {
    operation: 'stop',
    level: 'node',
    states: ['claimed', 'running'],
    does: 'stops the command on this node by its stop command',
    elsewhere: 'it does not run on this node',
  },
  {
    operation: 'force-stop',
    level: 'node',
    states: ['claimed', 'running', 'stopping'],
    does: 'kills the command on this node (SIGKILL)',
    elsewhere: 'it does not run on this node',
  },
  {
    operation: 'set-end',
    level: 'node',
    states: ['waiting', 'queued', 'not-started', 'unknown'],
    does: 'sets what the node returned, without running',
    elsewhere: 'it runs on this node (force-end), or has ended there (change-end is for the job)',
  },
  {
    operation: 'force-end',
    level: 'node',
    states: ['claimed', 'running', 'stopping'],
    does: 'sets what the node returned, whatever its command does',
    elsewhere: 'it does not run on this node',
  },
];

/** Which operation is allowed where: made of the transitions, so that there is one truth. Of nodes, whose states are others, a list. */
export const OPERATION_RULES: readonly OperationRule[] = [
  ...Object.entries(WORDS).flatMap(([name, { levels, does, elsewhere }]) =>
    levels.map((level) => {
      const operation = name as JobOperation;
      return { operation, level, states: statesOf(operation, level), does, elsewhere };
    }),
  ),
  ...NODE_RULES,
];

function statesOf(operation: JobOperation, level: OperationLevel): readonly JobState[] {
  const kind = level === 'session' ? 'session' : 'job';
  const from = new Set(
    JOB_TRANSITIONS.filter((row) => row.on === operation && (row.of === undefined || row.of === kind)).flatMap((row) => row.from),
  );
  return JOB_STATES.filter((state) => from.has(state));
}

/** null = it is allowed; else why not, as a sentence. */
export function whyNot(operation: JobOperation, level: OperationLevel, state: JobState | RunState): string | null {
  const rule = OPERATION_RULES.find((each) => each.operation === operation && each.level === level);
  if (rule === undefined) return `${operation} is no operation of a ${level}.`;
  if (rule.states.includes(state)) return null;
  return `${operation} is not possible while it is ${state}: ${rule.elsewhere}.`;
}

/** What a console may offer. */
export function operationsFor(level: OperationLevel, state: JobState | RunState): readonly JobOperation[] {
  return OPERATION_RULES.filter((rule) => rule.level === level && rule.states.includes(state)).map(({ operation }) => operation);
}

/** Both kinds of states, for tables. */
export const STATES_OF: Readonly<Record<OperationLevel, readonly (JobState | RunState)[]>> = {
  session: JOB_STATES,
  jobnet: JOB_STATES,
  job: JOB_STATES,
  node: RUN_STATES,
};
