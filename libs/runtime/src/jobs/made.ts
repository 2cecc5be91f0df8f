import type { OutsideEffect, PastEnd, Result, StepOutcome } from '@yosugara/operations';
import type { JobHistoryLine, RunOutput, SessionToStore } from './ports.js';

export interface OutsideOf {
  readonly session: string;
  readonly unit: string;
  readonly effect: OutsideEffect;
}

/** What steps brought about since it was taken last. */
export interface Made {
  readonly sessions: readonly SessionToStore[];
  readonly outputs: readonly RunOutput[];
  readonly history: readonly JobHistoryLine[];
  readonly results: readonly Result[];
  readonly outside: readonly OutsideOf[];
  /** Sessions that are over. */
  readonly ended: number;
}

/** Effects of steps, by what becomes of them. */
export class MadeEffects {
  #made: { outputs: RunOutput[]; history: JobHistoryLine[]; results: Result[]; outside: OutsideOf[] } = nothing();

  /** @param ended how a job of the session, or the session, ended: for later sessions. */
  add(session: string, unit: string, effects: StepOutcome['effects'], ended: (job: string, end: PastEnd) => void): void {
    for (const effect of effects) {
      if (effect.kind === 'history') this.#made.history.push({ session, ...effect.line });
      else if (effect.kind === 'result') this.#made.results.push(effect.result);
      else if (effect.kind === 'output') this.#made.outputs.push(outputOf(session, effect));
      else if (effect.kind === 'ended') ended(effect.job, effect.end);
      else this.#made.outside.push({ session, unit, effect });
    }
  }

  tell(result: Result): void {
    this.#made.results.push(result);
  }

  take(): Omit<Made, 'sessions' | 'ended'> {
    const made = this.#made;
    this.#made = nothing();
    return made;
  }
}

const nothing = () => ({ outputs: [], history: [], results: [], outside: [] });

const outputOf = (session: string, { job, facility, attempt, end }: OutputEffect): RunOutput => ({
  ...{ session, job, facility, attempt, atMs: end.atMs, stdout: end.stdout, stderr: end.stderr },
  ...{ stdoutBytes: end.stdoutBytes, stderrBytes: end.stderrBytes },
});
type OutputEffect = Extract<StepOutcome['effects'][number], { kind: 'output' }>;
