/** All in milliseconds; failover.md "Timing profiles" and 2.5. */
export interface Timings {
  readonly heartbeatMs: number;
  /** R_max: a renewal older than this is not handed to the dead man. */
  readonly roundMaxMs: number;
  readonly leaseOwnMs: number;
  readonly leaseVoteMs: number;
  readonly candidateDelayMaxMs: number;
  /** W: the watchdog's time-out, where there is one. */
  readonly watchdogMs: number;
  /** After this long without a renewal, counted from its sending, the owner stops serving by itself. */
  readonly demoteAtMs: number;
  readonly stopBudgetMs: number;
  /** The dead man strikes this long before the lease ends. */
  readonly killBudgetMs: number;
  readonly syncStallMs: number;
  /** P4's wait after the receiver was cut. */
  readonly guardMs: number;
  readonly transferTimeoutMs: number;
  /** Nothing heard of the manager for this long: it does not answer. It reports twice a second. */
  readonly managerSilentMs: number;
}

const common = { roundMaxMs: 500, guardMs: 200, transferTimeoutMs: 1_500, managerSilentMs: 6_000 };

/** `lan` is the default. The worst failover time of each is computed by `worstFailoverMs` and shown by `status`. */
export const PROFILES = {
  fast: {
    ...common,
    heartbeatMs: 200,
    leaseOwnMs: 2_000,
    leaseVoteMs: 2_100,
    candidateDelayMaxMs: 300,
    watchdogMs: 750,
    demoteAtMs: 1_200,
    stopBudgetMs: 450,
    killBudgetMs: 350,
    syncStallMs: 3_000,
    managerSilentMs: 3_000,
  },
  lan: {
    ...common,
    heartbeatMs: 300,
    leaseOwnMs: 3_300,
    leaseVoteMs: 3_500,
    candidateDelayMaxMs: 500,
    watchdogMs: 1_400,
    demoteAtMs: 2_000,
    stopBudgetMs: 800,
    killBudgetMs: 500,
    syncStallMs: 3_000,
    managerSilentMs: 3_000,
  },
  tolerant: {
    ...common,
    heartbeatMs: 500,
    leaseOwnMs: 5_500,
    leaseVoteMs: 6_000,
    candidateDelayMaxMs: 2_000,
    watchdogMs: 2_000,
    demoteAtMs: 3_500,
    stopBudgetMs: 1_500,
    killBudgetMs: 500,
    syncStallMs: 10_000,
  },
  vm: {
    ...common,
    transferTimeoutMs: 3_000,
    heartbeatMs: 1_000,
    leaseOwnMs: 11_000,
    leaseVoteMs: 12_000,
    candidateDelayMaxMs: 2_000,
    watchdogMs: 5_000,
    demoteAtMs: 7_000,
    stopBudgetMs: 3_000,
    killBudgetMs: 1_000,
    syncStallMs: 10_000,
  },
  'wan-arbiter': {
    ...common,
    transferTimeoutMs: 4_500,
    heartbeatMs: 1_500,
    leaseOwnMs: 16_500,
    leaseVoteMs: 18_000,
    candidateDelayMaxMs: 2_000,
    watchdogMs: 8_000,
    demoteAtMs: 11_000,
    stopBudgetMs: 4_000,
    killBudgetMs: 1_500,
    syncStallMs: 10_000,
  },
} as const satisfies Record<string, Timings>;

/** Worst clock-rate error between two hosts (virtual machines). */
export const CLOCK_DRIFT = 0.01;

/** The inequalities of failover.md 2.5 that do not hold, as sentences; empty = safe to run. */
export function timingProblems(t: Timings): readonly string[] {
  const problems: string[] = [];
  const rule = (holds: boolean, says: string): void => void (holds || problems.push(says));
  rule(
    t.leaseOwnMs * (1 + CLOCK_DRIFT) <= t.leaseVoteMs * (1 - CLOCK_DRIFT),
    `leaseOwnMs·1.01 ≤ leaseVoteMs·0.99 (${t.leaseOwnMs}, ${t.leaseVoteMs}): a voter's promise must outlive the owner's lease`,
  );
  rule(
    2 * t.watchdogMs + t.roundMaxMs <= t.leaseOwnMs,
    `2·watchdogMs + roundMaxMs ≤ leaseOwnMs (${t.watchdogMs}, ${t.roundMaxMs}, ${t.leaseOwnMs}): one stale pet of the watchdog must not outlive the lease`,
  );
  rule(
    t.demoteAtMs + t.stopBudgetMs + t.killBudgetMs <= t.leaseOwnMs,
    `demoteAtMs + stopBudgetMs + killBudgetMs ≤ leaseOwnMs (${t.demoteAtMs}, ${t.stopBudgetMs}, ${t.killBudgetMs}, ${t.leaseOwnMs}): the owner must have stopped by the end of its lease`,
  );
  rule(
    3 * t.heartbeatMs <= t.demoteAtMs,
    `3·heartbeatMs ≤ demoteAtMs (${t.heartbeatMs}, ${t.demoteAtMs}): one lost heartbeat must not demote`,
  );
  return problems;
}

/**
 * P3: how long after its own election a candidate waits for the old owner's watchdog, by the candidate's clock.
 *
 * Votes are given only when the promises to the old owner are over (2.5), so its lease ended, by its own clock, before our election.
 * Its dead man pets the watchdog only while that lease lasts. It may be suspended between the check and the pet: one stale pet is
 * possible, at the latest one time-out after the pet before it, or the watchdog has fired already. So the last pet comes less than W
 * after our election and the watchdog fires less than 2·W after it, W being counted by a clock that may run ρ slower than it
 * should while ours runs ρ faster: 2·W·(1+ρ)/(1−ρ). The guard is for the reset itself.
 *
 * @param timeoutMs W as the old owner's dead man has read it back from the device, whatever the profile asks for.
 */
export const watchdogWaitMs = (t: Timings, timeoutMs: number): number =>
  (2 * timeoutMs * (1 + CLOCK_DRIFT)) / (1 - CLOCK_DRIFT) + t.guardMs * (1 + CLOCK_DRIFT);

/**
 * Two nodes: how long a Master may go on without an echo while it fences its Standby, from the sending of its last echoed round. The
 * Standby shoots no earlier than its promise and the delay after its answer to that round; by then the Master has ended by itself,
 * so that even a device that lies (F4) leaves no two of them. Both clocks may be wrong by ρ.
 */
export const holdMaxMs = (t: Timings, fenceDelayMs: number): number =>
  ((t.leaseVoteMs + fenceDelayMs) * (1 - CLOCK_DRIFT)) / (1 + CLOCK_DRIFT);

/** Promotion, the manager and the VIP after it: measured well under this on the lab's hosts; part of the promise `status` prints. */
const PROMOTE_AND_OPEN_MS = 3_000;

/** From the death of the Master's host to the first write on the other, at worst, with a quiet network. */
export function worstFailoverMs(t: Timings): number {
  return t.leaseVoteMs * (1 + CLOCK_DRIFT) + t.candidateDelayMaxMs + 2 * t.heartbeatMs + t.guardMs + PROMOTE_AND_OPEN_MS;
}
