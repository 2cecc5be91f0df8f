import type { RaftTimings } from '@yosugara/consensus';
import type { Timings } from '@yosugara/failover';

/** Consensus' share of a timing profile. A witness waits two election timeouts longer than anybody who could own. */
export function raftTimings(timings: Timings): RaftTimings {
  const { heartbeatMs, leaseOwnMs, leaseVoteMs, candidateDelayMaxMs, transferTimeoutMs } = timings;
  const witnessDelayMs = 2 * (leaseVoteMs + candidateDelayMaxMs);
  return { heartbeatMs, leaseOwnMs, leaseVoteMs, candidateDelayMaxMs, transferTimeoutMs, witnessDelayMs };
}
