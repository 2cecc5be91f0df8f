import type { CompiledUnit, RunJob } from '@yosugara/operations';
import type { EndStatus, EndWith, StartCondition } from '@yosugara/protocol';
import { CLOSED, DEAD, NEVER, NODES, SCOPE } from './places.js';

/** How a job ends in a world in which nothing ever fails. */
export interface Outcome {
  readonly state: string;
  readonly status: EndStatus;
  readonly value: number;
}

interface Told extends Outcome {
  /** What its nodes returned. */
  readonly returned: readonly number[];
}

/** What is of chance, and the same whatever else happens. */
export interface Fate {
  /** What the n-th execution of a job on a node returns in a session, from 0 on. */
  codeOf(session: string, job: string, facility: string, nth: number): number;
  /** Whether the n-th question is answered with yes. */
  approves(session: string, job: string, nth: number): boolean;
  priorityOf(monitor: string, facility: string): 'info' | 'warning' | 'critical' | 'unknown';
}

/**
 * Jobnets as a text-book would have them: a job's outcome follows from those of the jobs it waits for, in no time and in one place. Written without
 * a look at the engine, and for units of `randomUnit` only.
 */
export class Reference {
  readonly #unit: CompiledUnit;
  readonly #session: string;
  readonly #fate: Fate;
  readonly #told = new Map<string, Told>();
  readonly #variables = new Map<string, string>();
  readonly #ran = new Map<string, number>();

  constructor(unit: CompiledUnit, session: string, fate: Fate) {
    this.#unit = unit;
    this.#session = session;
    this.#fate = fate;
  }

  /** Counts from 0 on. */
  #nth(what: string): number {
    const nth = this.#ran.get(what) ?? 0;
    this.#ran.set(what, nth + 1);
    return nth;
  }

  /** Of all jobs, and '' of the session. */
  outcomes(): ReadonlyMap<string, Outcome> {
    const children = this.#unit.children;
    this.#level(children);
    const last = this.#deciding(children).map((child) => this.#told.get(child)!);
    const worst = last.reduce((one, other) => (RANK[other.status] > RANK[one.status] ? other : one));
    return new Map<string, Outcome>([...this.#told, ['', { state: 'ended', status: worst.status, value: worst.value }]]);
  }

  /** In the order of the list: units name only what stands before. */
  #level(ids: readonly string[]): void {
    const waits = ids.filter((id) => this.#unit.jobs.get(id)!.branchOf.length > 0);
    for (const id of ids) if (!waits.includes(id)) this.#told.set(id, this.#outcome(id));
    for (const id of ids) {
      const { exclusive } = this.#unit.jobs.get(id)!;
      const order = exclusive?.order ?? [];
      const taken = order.find((branch) => this.#holds(branch));
      for (const branch of order) {
        if (branch === taken) this.#told.set(branch, this.#run(branch));
        else if (taken === undefined) this.#told.set(branch, this.#unmatched(branch));
        else this.#told.set(branch, { state: 'ended-exclusive', ...exclusive!.others, returned: [] });
      }
    }
  }

  #outcome(id: string): Told {
    if (!this.#holds(id)) return this.#unmatched(id);
    const { skip, calendar } = this.#unit.jobs.get(id)!.body;
    if (skip !== null) return { state: 'ended-skip', ...skip, returned: [] };
    return calendar?.id === CLOSED ? { state: 'ended-calendar', ...calendar.outside, returned: [] } : this.#run(id);
  }

  #unmatched(id: string): Told {
    return { state: 'ended-unmatched', ...this.#unit.jobs.get(id)!.wait.unmatched!, returned: [] };
  }

  #run(id: string): Told {
    const { body } = this.#unit.jobs.get(id)!;
    const most = 1 + (body.retry?.attempts ?? 0);
    let told = this.#once(id);
    for (let attempt = 1; attempt < most && told.status !== 'normal'; attempt++) told = this.#once(id);
    return told;
  }

  #once(id: string): Told {
    const { body, children } = this.#unit.jobs.get(id)!;
    if (body.type === 'jobnet') {
      this.#forget(children);
      this.#level(children);
      const ends = this.#deciding(children).map((child) => this.#told.get(child)!.value);
      return { ...endBy(worstCode(ends)), returned: [] };
    }
    if (body.type !== 'command') return { ...this.#other(id, body), returned: [] };
    const nodes = body.facility === SCOPE ? BY_PRIORITY : [body.facility];
    const codeOf = (node: string) => this.#fate.codeOf(this.#session, id, node, this.#nth(`${id}/${node}`));
    const returned: number[] = [];
    for (const node of nodes) {
      let code = codeOf(node);
      for (let again = 0; again < (body.commandRetry?.attempts ?? 0) && code !== 0; again++) code = codeOf(node);
      returned.push(code);
      for (const { name } of body.variables) this.#variables.set(name, String(code));
      if (body.nodes === 'one' && code === 0) return { ...endBy(0), returned };
    }
    return { ...endBy(body.nodes === 'one' ? returned.at(-1)! : worstCode(returned)), returned };
  }

  /** In a world in which files come where they are looked for (but one folder), and whoever is asked answers. */
  #other(id: string, body: Exclude<RunJob, { type: 'jobnet' | 'command' }>): Outcome {
    const as = (end: EndWith): Outcome => ({ state: 'ended', ...end });
    switch (body.type) {
      case 'file-check':
        return body.file.directory === NEVER ? as(body.otherwise) : endBy(0);
      case 'approval':
        return as(this.#fate.approves(this.#session, id, this.#nth(id)) ? body.approved : body.denied);
      case 'monitor': {
        const nodes = body.facility === SCOPE ? NODES : [body.facility];
        const said = nodes.map((node) => this.#fate.priorityOf(body.monitor, node));
        const worst = SEVERITY.find((priority) => said.includes(priority))!;
        const value = body.values[worst];
        return { ...endBy(value), value };
      }
      case 'link-send':
        return body.address === DEAD ? as(body.otherwise) : endBy(0);
      case 'link-receive':
        return body.messageId === 'never' ? as(body.otherwise) : endBy(0);
      case 'file-transfer':
        return endBy(0);
    }
  }

  /** In another round a jobnet in it may not run at all. */
  #forget(ids: readonly string[]): void {
    for (const id of ids) {
      this.#told.delete(id);
      this.#forget(this.#unit.jobs.get(id)!.children);
    }
  }

  #deciding(ids: readonly string[]): readonly string[] {
    const taken = ids.filter((id) => this.#told.get(id)!.state !== 'ended-exclusive');
    const last = taken.filter((id) => !ids.some((other) => this.#unit.jobs.get(other)!.waitsFor.includes(id)));
    return last.length > 0 ? last : taken.length > 0 ? taken : ids;
  }

  #holds(id: string): boolean {
    const { groups, operator } = this.#unit.jobs.get(id)!.wait;
    const all = groups.map((group) =>
      join(
        group.operator,
        group.conditions.map((each) => this.#condition(each)),
      ),
    );
    return all.length === 0 || join(operator, all);
  }

  #condition(condition: StartCondition): boolean {
    // Some day all of these hold.
    if (condition.kind === 'time' || condition.kind === 'elapsed' || 'unit' in condition) return true;
    if (condition.kind === 'variable') {
      // `#[V_JOB]`; without a value it stays as it is written.
      const value = this.#variables.get(condition.left.slice(2, -1));
      return value !== undefined && holds(condition.operator, Number(value), Number(condition.right));
    }
    const told = this.#told.get(condition.job)!;
    if (condition.kind === 'end-status') return condition.status.includes(told.status);
    const against = Number(condition.value);
    const test = (value: number) => holds(condition.operator, value, against);
    if (condition.kind === 'end-value') return test(told.value);
    if (told.returned.length === 0) return false;
    if (condition.operator === '<') return test(Math.min(...told.returned));
    return condition.operator === '>=' ? test(Math.max(...told.returned)) : told.returned.every(test);
  }
}

const SEVERITY = ['critical', 'unknown', 'warning', 'info'] as const;
const BY_PRIORITY = [...NODES].reverse();
const holds = (operator: string, value: number, against: number): boolean =>
  ({ '=': value === against, equal: value === against, in: value === against, '<': value < against })[operator] ??
  (operator === '>=' ? value >= against : value !== against);
const RANK = { normal: 0, warning: 1, abnormal: 2 } as const;
const join = (operator: 'and' | 'or', all: readonly boolean[]): boolean =>
  operator === 'and' ? all.every(Boolean) : all.some(Boolean);
/** By the usual ranges: 0 normal, 1 a warning, all else abnormal. */
const rank = (code: number) => (code === 0 ? 0 : code === 1 ? 1 : 2);
const worstCode = (codes: readonly number[]): number => codes.reduce((one, other) => (rank(other) > rank(one) ? other : one));
const endBy = (code: number): Outcome => ({
  state: 'ended',
  ...(
    [
      { status: 'normal', value: 0 },
      { status: 'warning', value: 1 },
      { status: 'abnormal', value: -1 },
    ] as const
  )[rank(code)]!,
});
