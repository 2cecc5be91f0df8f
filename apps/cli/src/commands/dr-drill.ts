import type { Rehearsal } from '@yosugara/host-control/backup';
import { YosugaraError } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';
import type { Found } from '../control/find.js';
import { bytes, type Paint, table } from '../output/terminal.js';

/** The copy in another site is on this host, or nothing is rehearsed. */
export function copyHere(nodes: readonly Found[]): NodeConfig {
  const isCopy = ({ node, cluster }: NodeConfig) => cluster.members.some(({ id, kind }) => id === node && kind === 'dr');
  const found = nodes.find(({ config }) => config !== null && isCopy(config))?.config;
  if (found == null) throw new YosugaraError('USAGE', 'no DR member is on this host: the drill is done where the copy is');
  return found;
}

export function renderRehearsal(done: Rehearsal, nowMs: number, paint: Paint): string {
  const { databaseBytes, copySeconds, promoteSeconds, lsn, committedAt, tables, before, after } = done;
  const filled = tables.filter(({ rows }) => rows > 0);
  const newest =
    committedAt === null ? 'nothing was committed since it began' : `${committedAt}, ${secondsAgo(committedAt, nowMs)} s ago`;
  const moved = after.replayed === before.replayed ? 'at' : `from ${before.replayed} to`;
  return [
    `forked (${bytes(databaseBytes)}) in ${copySeconds} s, promoted where nobody reaches it in ${promoteSeconds} s, up to ${lsn}`,
    `newest commit in it: ${newest}`,
    table(
      ['table', 'rows'],
      filled.map(({ name, rows }) => [name, String(rows)]),
    ),
    `${tables.length - filled.length} tables are empty; every page has the checksum that it should have; the fork is gone`,
    after.isStreaming
      ? paint(`the copy itself follows on: ${moved} ${after.replayed}`, 'green')
      : paint(`the copy itself does not follow: ${moved} ${after.replayed}`, 'yellow'),
  ].join('\n');
}

const secondsAgo = (at: string, nowMs: number): number => Math.max(0, Math.round((nowMs - Date.parse(at)) / 1_000));
