import type { Member, Restored } from '@yosugara/consensus';
import { YosugaraError } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';

/**
 * A voter of the consensus log that the configuration does not name is counted and never heard: with one more member away nobody could be
 * elected, and nothing would have said so.
 * @throws YosugaraError `CONFIG_INVALID`
 */
export function demandVoters(restored: Restored, { cluster, node }: Pick<NodeConfig, 'cluster' | 'node'>): void {
  const named: ReadonlySet<string> = new Set(cluster.members.map(({ id }) => id));
  const missing = newestMembers(restored).flatMap(({ id, voter }) => (voter && !named.has(id) ? [id] : []));
  if (missing.length === 0) return;
  const those = missing.join(', ');
  throw new YosugaraError(
    'CONFIG_INVALID',
    `yosugara.yaml: \`cluster.members\`: found ${[...named].join(', ')}, allowed is this with ${those}: the consensus log of ${node} counts ${those} among its voters, and who votes is not changed by taking a member out of the file (docs/concepts.md, "The arbiter")`,
  );
}

/** As consensus' `membersAt` for the end of the log, of what the disk holds: committed or not (Ongaro's thesis, 4.1); none: it is that of the file. */
function newestMembers({ entries, snapshot }: Restored): readonly Member[] {
  const found = entries.findLast(({ payload }) => payload.kind === 'members')?.payload;
  return found?.kind === 'members' ? found.members : (snapshot?.members ?? []);
}
