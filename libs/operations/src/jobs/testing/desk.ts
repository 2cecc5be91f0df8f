import { type JobUnitBody, JobUnitBodySchema, partsOfRun, type RunEnd, type StartInstruction } from '@yosugara/protocol';
import { type CompiledUnit, compileUnit } from '../compiled.js';
import { beginSession, stepSession } from '../step.js';
import type { JobEffect, JobEnv, LinkMessage, NewSession, Operate, RunRef, SessionInput, StepOutcome } from '../step-types.js';
import type { JobRun, JobSession, PastEnd } from '../types.js';

export const MINUTE = 60_000;
/** 2026-11-22T00:00:00Z. */
export const MIDNIGHT = Date.UTC(2026, 10, 22);
export const SPOOL = 'a'.repeat(32);

// biome-ignore lint/suspicious/noExplicitAny: what people write, before the schema fills in the rest.
type Written = any;

export const unitOf = (jobs: readonly Written[], more: Written = {}): CompiledUnit =>
  compileUnit({
    ...{ id: 'unit', revision: 1, ownerRole: 'ops' },
    body: JobUnitBodySchema.parse({ name: 'Unit', timeZone: 'UTC', jobs, ...more }) as JobUnitBody,
  });

export const command = (id: string, more: Written = {}): Written => ({
  type: 'command',
  id,
  facility: 'web1',
  command: `run ${id}`,
  ...more,
});
export const jobnet = (id: string, jobs: readonly Written[], more: Written = {}): Written => ({
  type: 'jobnet',
  id,
  jobs,
  ...more,
});
/** Waits until each of them ended so. */
export const after = (jobs: readonly string[], status: readonly string[] = ['normal'], more: Written = {}): Written => ({
  wait: { groups: [{ conditions: jobs.map((job) => ({ kind: 'end-status', job, status })) }], ...more },
});
export const waitsFor = (conditions: readonly Written[], more: Written = {}): Written => ({
  wait: { groups: [{ conditions }], ...more },
});

/** A session with the world around it, and what came of it. Time stands still until somebody moves it. */
export class Desk {
  readonly unit: CompiledUnit;
  session: JobSession;
  nowMs = MIDNIGHT + 60 * MINUTE;
  epoch = 7;
  wakeAtMs: number | null = null;
  refusal: string | null = null;
  /** Of the newest step. */
  effects: readonly JobEffect[] = [];
  readonly all: JobEffect[] = [];
  readonly closed = new Set<string>();
  readonly scopes = new Map<string, readonly string[]>([['webs', ['web1', 'web2', 'web3']]]);
  readonly noAgent = new Set<string>();
  readonly nodeJobs = new Map<string, { priority: number; multiplicity: number }>();
  readonly ends = new Map<string, PastEnd>();
  runs: readonly PastEnd[] = [];
  messages: LinkMessage[] = [];

  constructor(unit: CompiledUnit, more: Partial<NewSession> = {}, prepare: (desk: Desk) => void = () => {}) {
    this.unit = unit;
    prepare(this);
    this.session = undefined as never;
    this.#took(
      beginSession(
        unit,
        {
          ...{ id: '20261122010000-000', root: null, trigger: { type: 'manual', id: null, info: '' }, scheduledAtMs: this.nowMs },
          ...{ variables: {}, ignoresTimes: false, testCommand: null, premade: false, ...more },
        },
        this.env,
      ),
    );
  }

  get env(): JobEnv {
    return {
      ...{ nowMs: this.nowMs, epoch: this.epoch },
      isOpen: (calendar) => !this.closed.has(calendar),
      nodesOf: (facility) => this.scopes.get(facility) ?? (/^(web|db)\d$/.test(facility) ? [facility] : null),
      hasAgent: (node) => !this.noAgent.has(node),
      nodeJob: (node) => this.nodeJobs.get(node) ?? { priority: 16, multiplicity: 0 },
      nodeValue: (node, name) => (name === 'IP_ADDRESS' ? `10.0.0.${node.at(-1)}` : undefined),
      newestEnd: (unit, job) => this.ends.get(`${unit}/${job}`) ?? null,
      normalRuns: () => this.runs,
      matches: (pattern, text) => new RegExp(pattern).test(text),
      links: (messageId, sinceMs) => this.messages.filter((each) => each.messageId === messageId && each.atMs >= sinceMs),
    };
  }

  #took(outcome: StepOutcome): this {
    this.session = outcome.session;
    this.effects = outcome.effects;
    this.all.push(...outcome.effects);
    this.wakeAtMs = outcome.wakeAtMs;
    this.refusal = outcome.refusal;
    return this;
  }

  step(input: SessionInput): this {
    return this.#took(stepSession(this.unit, this.session, input, this.env));
  }

  /** Ticks at each wake until then. */
  pass(minutes: number): this {
    const untilMs = this.nowMs + minutes * MINUTE;
    for (let guard = 0; this.wakeAtMs !== null && this.wakeAtMs <= untilMs && guard < 100_000; guard++) {
      this.nowMs = Math.max(this.nowMs, this.wakeAtMs);
      this.step({ kind: 'tick' });
    }
    this.nowMs = untilMs;
    return this;
  }

  operate(operation: Operate['operation'], job: string | null, more: Partial<Operate> = {}): this {
    return this.step({ kind: 'operate', operation, job, facility: null, who: 'ada', end: null, ...more });
  }

  run(job: string): JobRun {
    return this.session.jobs.get(job)!;
  }

  state(job: string): string {
    return this.run(job).state;
  }

  states(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.session.jobs].map(([id, { state }]) => [id, state]));
  }

  of<Kind extends JobEffect['kind']>(
    kind: Kind,
    effects: readonly JobEffect[] = this.effects,
  ): Extract<JobEffect, { kind: Kind }>[] {
    return effects.filter((effect): effect is Extract<JobEffect, { kind: Kind }> => effect.kind === kind);
  }

  claims(): readonly StartInstruction[] {
    return this.of('claim', this.all).map(({ instruction }) => instruction);
  }

  ref(job: string, facility = 'web1'): RunRef {
    const node = this.run(job).nodes.find((each) => each.facility === facility);
    return { job, facility, attempt: node?.attempt ?? 0 };
  }

  /** The agent was let launch it, and says that it did. */
  launch(job: string, facility = 'web1'): this {
    const ref = this.ref(job, facility);
    this.step({ kind: 'start-check', ...ref, spool: SPOOL, epoch: this.epoch, nonce: 'n' });
    return this.step({ kind: 'run-started', ...ref, atMs: this.nowMs });
  }

  /** All of it, to its end. */
  returns(job: string, code: number, facility = 'web1', more: Partial<RunEnd> = {}): this {
    const ref = this.ref(job, facility);
    if (this.run(job).nodes.find((each) => each.facility === facility)?.state === 'claimed') this.launch(job, facility);
    return this.step({ kind: 'run-ended', ...ref, end: endOf(this, ref, { code, ...more }) });
  }
}

export function endOf(desk: Pick<Desk, 'nowMs'>, { facility }: RunRef, more: Partial<RunEnd> = {}): RunEnd {
  return {
    ...{ run: facility, atMs: desk.nowMs, startedAtMs: desk.nowMs, outcome: 'exited', code: 0, signal: null, why: '' },
    ...{ stdout: '', stderr: '', stdoutBytes: 0, stderrBytes: 0, variables: {}, outputTrouble: null, ...more },
  };
}

export const jobOfRun = (run: string): string | undefined => partsOfRun(run)?.job;
