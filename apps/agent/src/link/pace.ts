import type { ToAgent } from '@yosugara/protocol/agents';

/** proxy: no manager said it, but a proxy that does not let us through. */
export type PaceCode = Extract<ToAgent, { say: 'go-away' }>['code'] | 'proxy';

/** Sent away for a reason that does not go away by itself: as a range, so that two thousand agents do not come back together. */
const SENT_AWAY_MS: Readonly<Record<PaceCode, readonly [least: number, most: number]>> = {
  'not-master': [400, 1_200],
  busy: [500, 2_000],
  duplicate: [10_000, 20_000],
  'unknown-agent': [20_000, 60_000],
  protocol: [20_000, 60_000],
  // An account is locked after so many wrong logins; and one that was mended is found soon.
  proxy: [5_000, 10_000],
};

export interface PaceFacts {
  /** Attempts at this manager since it last kept us. */
  readonly failures: number;
  /** What it said at last; null = it did not send us away. */
  readonly code: PaceCode | null;
  /** Somebody else serves us: nobody is in a hurry. */
  readonly isServed: boolean;
  /** In [0, 1). */
  readonly chance: number;
}

/**
 * How long to wait before a manager is tried again. A refused connection costs nobody anything, so without a Master it is tried a few times a
 * second; the first try after a loss is spread over a quarter of a second.
 */
export function pauseMs({ failures, code, isServed, chance }: PaceFacts): number {
  if (code !== null) {
    const [least, most] = SENT_AWAY_MS[code];
    return (isServed ? 2 : 1) * (least + chance * (most - least));
  }
  if (isServed) return 1_000 + chance * 1_000 + Math.min(failures, 8) * 500;
  return failures <= 1 ? chance * 250 : 150 + chance * 250;
}
