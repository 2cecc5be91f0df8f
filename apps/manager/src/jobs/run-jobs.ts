import { type Clock, type Log, YosugaraError } from '@yosugara/kernel';
import type { Told } from '@yosugara/operations';
import {
  type AgentLinks,
  type JobControl,
  type JobErrands,
  JobLoop,
  type JobLoopOptions,
  type JobPermit,
  type JobRules,
  type JobStore,
  type Sent,
} from '@yosugara/runtime';
import type { Agents } from '../agents/agents.js';
import type { JobsHandle } from './jobs-handle.js';

const KNOWN_MS = 10_000;
const KNOWN_LOOK_MS = 10;

export interface JobParts {
  readonly store: JobStore;
  /** Through which the API reaches them. */
  readonly handle: JobsHandle;
  /** null: nobody runs commands for this node. */
  readonly agents: Agents | null;
}

export interface RunJobsOptions extends JobParts, Pick<JobLoopOptions, 'onStored' | 'onStale'> {
  readonly rules: () => JobRules;
  readonly ready: () => Promise<void>;
  readonly errands: JobErrands;
  readonly permit: () => JobPermit | null;
  readonly epoch: number;
  readonly clock: Clock;
  readonly log: Log;
}

export interface RunningJobs {
  readonly control: JobControl;
  /** When its loop last went around; null = not yet. */
  movedAtMs(): number | null;
  stop(): Promise<void>;
}

/** Jobs of one epoch, with the agents that run them and the API that asks for them. */
export function runJobs({ agents, handle, epoch, permit, ...options }: RunJobsOptions): RunningJobs {
  const ready = async () => {
    await options.ready();
    if (agents !== null) await known(agents, epoch, () => permit() !== null);
  };
  const loop = new JobLoop({ ...options, ready, permit, links: agents?.links ?? NO_AGENTS });
  loop.start();
  const unserve = agents?.serve({ epoch, permitted: () => permit() !== null, desk: loop.desk });
  handle.follow(loop.control);
  return {
    control: loop.control,
    movedAtMs: () => loop.movedAtMs,
    stop: async () => {
      handle.follow(null);
      unserve?.();
      await loop.stop();
    },
  };
}

/** Before it is known which agents there are, a node would be one without. @throws YosugaraError */
async function known(agents: Agents, epoch: number, isPermitted: () => boolean): Promise<void> {
  const endMs = performance.now() + KNOWN_MS;
  while (agents.servesEpoch !== epoch) {
    if (!isPermitted() || performance.now() > endMs)
      throw new YosugaraError('AGENTS_NOT_KNOWN', 'which agents there are could not be read yet');
    await new Promise((resolve) => setTimeout(resolve, KNOWN_LOOK_MS));
  }
}

/** A notification that begins a session: told twice, as after a take-over, it is one session. */
export async function startTold(
  control: JobControl | null,
  {
    unit,
    job,
    variables,
  }: { readonly unit: string; readonly job: string | null; readonly variables: Readonly<Record<string, string>> },
  { id, notification, result }: Told,
): Promise<Sent> {
  if (control === null) return { kind: 'retry', why: 'jobs do not run on this node now' };
  const answer = await control.start({
    ...{ request: `told/${id}`, unit, job, scheduledAtMs: null, variables, ignoresTimes: false, commandInstead: null, by: null },
    trigger: { type: 'event', id: notification, info: result.message.slice(0, 256) },
  });
  if (answer.kind === 'started') return { kind: 'accepted', note: `session ${answer.session}` };
  return { kind: 'refused', why: answer.kind === 'refused' ? answer.why : `there is no ${answer.what} ${unit} that is enabled` };
}

const away = async (): Promise<never> => {
  throw new Error('no agent is connected to this node');
};
const NO_AGENTS: AgentLinks = {
  send: () => false,
  isConnected: () => false,
  connected: () => [],
  measure: away,
  file: away,
};
