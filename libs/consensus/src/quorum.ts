import { invariant, type NodeId } from '@yosugara/kernel';

export const majorityOf = (count: number): number => Math.floor(count / 2) + 1;

/**
 * Highest value reached by a majority.
 *
 * @param reachedBy not negative; 0 = nothing.
 * @throws InvariantError — no voters: such a cluster cannot decide anything, so asking is a bug.
 */
export function majorityValue(voters: readonly NodeId[], reachedBy: (voter: NodeId) => number): number {
  invariant(voters.length > 0, 'a cluster without voters');
  const needed = majorityOf(voters.length);
  let best = 0;
  // Quadratic, but without an allocation: this runs for every answer, and clusters have at most a handful of voters.
  for (const voter of voters) {
    const value = reachedBy(voter);
    if (value <= best) continue;
    let reached = 0;
    for (const other of voters) if (reachedBy(other) >= value) reached += 1;
    if (reached >= needed) best = value;
  }
  return best;
}

export function hasMajority(voters: readonly NodeId[], votes: Readonly<Record<string, true>>): boolean {
  let granted = 0;
  for (const voter of voters) if (votes[voter]) granted += 1;
  return granted >= majorityOf(voters.length);
}
