import { setTimeout as sleep } from 'node:timers/promises';

/** Something that sends message `at` (from 0 on) and is answered some time. */
export interface Asker {
  ask(at: number): void;
  /** To be called for the answer to message `at`; further answers do not count. */
  onAnswer: (at: number) => void;
  close(): void;
}

export interface RoundTrips {
  /** ms, ascending. */
  readonly took: readonly number[];
  readonly unanswered: number;
}

const LAST_ANSWER_MS = 10_000;

/** At a steady rate, whatever the answers do: who waits for an answer before it asks again measures its own patience. */
export async function openLoop(
  asker: Asker,
  perSecond: number,
  count: number,
  lastAnswerMs = LAST_ANSWER_MS,
): Promise<RoundTrips> {
  const askedMs = new Float64Array(count);
  const took: number[] = [];
  const open = new Set<number>();
  asker.onAnswer = (at) => {
    if (open.delete(at)) took.push(performance.now() - askedMs[at]!);
  };
  const startMs = performance.now();
  for (let at = 0; at < count; ) {
    const due = Math.min(count, Math.floor(((performance.now() - startMs) * perSecond) / 1_000) + 1);
    for (; at < due; at++) {
      open.add(at);
      // When it was due: time that this process itself was not run counts, since the sender waited.
      askedMs[at] = Math.min(performance.now(), startMs + ((at + 1) * 1_000) / perSecond);
      asker.ask(at);
    }
    await sleep(1);
  }
  for (const endMs = performance.now() + lastAnswerMs; open.size > 0 && performance.now() < endMs; ) await sleep(5);
  return { took: took.sort((a, b) => a - b), unanswered: open.size };
}

/** @param share 0.99: so many were as quick or quicker. */
export function percentile(ascending: readonly number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.ceil(ascending.length * share) - 1)] ?? Number.NaN;
}
