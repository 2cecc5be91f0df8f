import type { RaftTimings } from './types.js';

/**
 * The inequalities that do not hold, one sentence each; empty = these timings are safe and live.
 *
 * @param drift worst error of a clock's *rate*, 0.01 = 1 %: virtual machines are that bad.
 */
export function timingsProblems(t: RaftTimings, drift = 0.01): string[] {
  const problems: string[] = [];
  for (const [name, value] of Object.entries(t))
    if (!Number.isFinite(value) || value <= 0)
      problems.push(`${name} must be a positive number of milliseconds, but is ${value}`);

  const demand = (holds: boolean, says: string): void => {
    if (!holds) problems.push(says);
  };
  const ownMs = Math.round(t.leaseOwnMs * (1 + drift));
  const voteMs = Math.round(t.leaseVoteMs * (1 - drift));
  demand(
    t.leaseOwnMs * (1 + drift) <= t.leaseVoteMs * (1 - drift),
    `leaseOwnMs·(1+${drift}) = ${ownMs} must not exceed leaseVoteMs·(1−${drift}) = ${voteMs}: two nodes could hold a lease at once`,
  );
  demand(
    t.heartbeatMs * 3 <= t.leaseOwnMs,
    `3·heartbeatMs = ${t.heartbeatMs * 3} must not exceed leaseOwnMs = ${t.leaseOwnMs}: two lost heartbeats would end a lease`,
  );
  demand(
    t.witnessDelayMs >= t.candidateDelayMaxMs + t.heartbeatMs,
    `witnessDelayMs = ${t.witnessDelayMs} must be at least candidateDelayMaxMs + heartbeatMs = ${t.candidateDelayMaxMs + t.heartbeatMs}: ` +
      'a witness must come after every data node',
  );
  demand(
    t.transferTimeoutMs >= 2 * t.heartbeatMs,
    `transferTimeoutMs = ${t.transferTimeoutMs} must be at least 2·heartbeatMs = ${2 * t.heartbeatMs}: one lost message would end a transfer`,
  );
  return problems;
}
