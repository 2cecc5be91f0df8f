import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { DeadlineError, YosugaraError } from '@yosugara/kernel';

/** A tool of this machine failed, or is not there. */
export class LabToolError extends YosugaraError {
  override readonly name = 'LabToolError';
  constructor(command: string, detail: string, cause?: unknown) {
    super('LAB_TOOL', `${command}: ${detail}`, { cause });
  }
}

/** @returns standard output. @throws LabToolError — non-zero exit, not found, or over the deadline (then it is killed). */
export function run(program: string, args: readonly string[], deadlineMs = 15_000): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { timeout: deadlineMs, killSignal: 'SIGKILL', maxBuffer: 256 * 1024 * 1024 } as const;
    execFile(program, [...args], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else
        reject(
          // With --json the reason of a refusal is on standard output.
          new LabToolError(
            [program, ...args].join(' ').slice(0, 300),
            `${stderr}\n${stdout.slice(-1_000)}`.trim().slice(0, 2_000) || error.message,
            error,
          ),
        );
    });
  });
}

/** Like `run`, for clean-up: what is already gone is not an error. */
export async function tryRun(program: string, args: readonly string[], deadlineMs = 15_000): Promise<boolean> {
  try {
    await run(program, args, deadlineMs);
    return true;
  } catch {
    return false;
  }
}

/** Asks again every `everyMs` until the answer is not undefined. @throws DeadlineError */
export async function until<T>(
  what: string,
  deadlineMs: number,
  ask: () => Promise<T | undefined> | T | undefined,
  everyMs = 50,
): Promise<T> {
  const endMs = monotonicMs() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (monotonicMs() >= endMs) throw new DeadlineError(what, deadlineMs);
    await delay(everyMs);
  }
}

/** CLOCK_MONOTONIC in ms: one origin for every process of this kernel, whatever its namespaces. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
