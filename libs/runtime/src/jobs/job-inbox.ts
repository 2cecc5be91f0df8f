import { YosugaraError } from '@yosugara/kernel';
import type { JobTurn } from './job-turn.js';
import type { JobWork, Needs } from './job-work.js';
import { notServing } from './not-serving.js';
import type { Between } from './slices.js';

/** Something to do in a turn, and to answer when it is committed. */
export interface JobTask {
  /** Of what is bounded: news count each. */
  readonly weight: number;
  readonly needs?: (work: JobWork) => readonly Needs[];
  /** In the turn, without waiting. @throws — only this task fails, and nothing of it may have been done. */
  readonly run: (turn: JobTurn, work: JobWork) => void;
  readonly done: () => void;
  readonly failed: (error: Error) => void;
}

/** As somebody asks for it: the answer is what `run` gives back, once it is committed. */
export type AskedTask<T> = Pick<JobTask, 'weight' | 'needs'> & { run(turn: JobTurn, work: JobWork): T };

const MOST_WEIGHT = 50_000;
const TURN_WEIGHT = 1_000;

/** What people, schedules' neighbours and agents ask the jobs for: bounded, taken a turn at a time, answered when the turn is committed. */
export class JobInbox {
  readonly #waiting: JobTask[] = [];
  #weight = 0;
  /** Of the turn that is under way. */
  #doing: readonly JobTask[] = [];

  /** Of what waits. */
  get weight(): number {
    return this.#weight;
  }
  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** @throws YosugaraError JOBS_BUSY, or why its turn failed. */
  async put<T>(asked: AskedTask<T>): Promise<T> {
    if (this.#weight + asked.weight > MOST_WEIGHT)
      throw new YosugaraError('JOBS_BUSY', `${this.#weight} inputs of jobs wait to be stored: no more are taken just now`);
    return await new Promise<T>((resolve, failed) => {
      let answer: { readonly value: T } | null = null;
      this.#weight += asked.weight;
      this.#waiting.push({
        ...asked,
        run: (turn, work) => {
          answer = { value: asked.run(turn, work) };
        },
        done: () => (answer === null ? failed(notServing()) : resolve(answer.value)),
        failed,
      });
    });
  }

  /** What waits, as much as fits into one turn. */
  take(): void {
    let weight = 0;
    let count = 0;
    for (; count < this.#waiting.length && (count === 0 || weight < TURN_WEIGHT); count++) weight += this.#waiting[count]!.weight;
    this.#doing = this.#waiting.splice(0, count);
    this.#weight -= weight;
  }

  needs(work: JobWork): readonly Needs[] {
    return this.#doing.flatMap(({ needs }) => needs?.(work) ?? []);
  }

  /** One at least; what begins very much leaves the others to the next turn. */
  async run(turn: JobTurn, work: JobWork, between: Between): Promise<void> {
    const all = this.#doing;
    for (const [at, task] of all.entries()) {
      if (at > 0 && turn.isFull) return this.#putBack(all.slice(at));
      this.#runOne(task, turn, work);
      const pause = between();
      if (pause !== null) await pause;
    }
  }

  /** The turn is committed. */
  answer(): void {
    const tasks = this.#doing;
    this.#doing = [];
    for (const task of tasks) task.done();
  }

  /** Nobody does any of it any more. */
  fail(error: Error): void {
    const tasks = [...this.#doing, ...this.#waiting.splice(0)];
    this.#doing = [];
    this.#weight = 0;
    for (const task of tasks) task.failed(error);
  }

  #putBack(rest: readonly JobTask[]): void {
    this.#doing = this.#doing.filter((each) => !rest.includes(each));
    this.#waiting.unshift(...rest);
    this.#weight += rest.reduce((sum, { weight }) => sum + weight, 0);
  }

  #runOne(task: JobTask, turn: JobTurn, work: JobWork): void {
    try {
      task.run(turn, work);
    } catch (error) {
      this.#doing = this.#doing.filter((each) => each !== task);
      task.failed(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
