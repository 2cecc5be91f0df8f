import type { CompiledUnit } from '@yosugara/operations';
import type { EndStatus, StartCondition } from '@yosugara/protocol';
import { NODES, SCOPE } from './units.js';

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

/** What the n-th execution of a job on a node returns in a session, from 0 on. */
export type CodeOf = (session: string, job: string, facility: string, nth: number) => number;

/**
 * Jobnets as a text-book would have them: a job's outcome follows from those of the jobs it waits for, in no time and in one place. Written without
 * a look at the engine, and for units of `randomUnit` only.
 */
export class Reference {
  readonly #unit: CompiledUnit;
  readonly #codeOf: (job: string, facility: string) => number;
  readonly #told = new Map<string, Told>();

  constructor(unit: CompiledUnit, session: string, codeOf: CodeOf) {
    this.#unit = unit;
    const ran = new Map<string, number>();
    this.#codeOf = (job, facility) => {
      const key = `${job}/${facility}`;
      const nth = ran.get(key) ?? 0;
      ran.set(key, nth + 1);
      return codeOf(session, job, facility, nth);
    };
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
    const { skip } = this.#unit.jobs.get(id)!.body;
    return skip !== null ? { state: 'ended-skip', ...skip, returned: [] } : this.#run(id);
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
      this.#level(children);
      const ends = this.#deciding(children).map((child) => this.#told.get(child)!.value);
      return { ...endBy(worstCode(ends)), returned: [] };
    }
    if (body.type !== 'command') throw new Error(`no reference for ${body.type}`);
    const nodes = body.facility === SCOPE ? NODES : [body.facility];
    const returned: number[] = [];
    for (const node of nodes) {
      let code = this.#codeOf(id, node);
      for (let again = 0; again < (body.commandRetry?.attempts ?? 0) && code !== 0; again++) code = this.#codeOf(id, node);
      returned.push(code);
      if (body.nodes === 'one' && code === 0) return { ...endBy(0), returned };
    }
    return { ...endBy(body.nodes === 'one' ? returned.at(-1)! : worstCode(returned)), returned };
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
    if (condition.kind === 'cross-session-end-status') return true;
    if (condition.kind !== 'end-status' && condition.kind !== 'end-value' && condition.kind !== 'return-value')
      throw new Error(`no reference for ${condition.kind}`);
    const told = this.#told.get(condition.job)!;
    if (condition.kind === 'end-status') return condition.status.includes(told.status);
    const against = Number(condition.value);
    const test = (value: number) =>
      ({ '=': value === against, '<': value < against, '>=': value >= against, 'not-in': value !== against })[
        condition.operator as '='
      ];
    if (condition.kind === 'end-value') return test(told.value);
    if (told.returned.length === 0) return false;
    if (condition.operator === '<') return test(Math.min(...told.returned));
    return condition.operator === '>=' ? test(Math.max(...told.returned)) : told.returned.every(test);
  }
}

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
