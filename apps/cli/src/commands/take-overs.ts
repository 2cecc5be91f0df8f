import type { ClusterLag, TakeOverRow, TakeOvers } from '@yosugara/protocol';
import { takeOversLag, takeOversList } from '@yosugara/protocol/api';
import type { ManagerApi } from '../control/manager-api.js';
import { chart } from '../output/chart.js';
import { duration, type Paint, printable, table } from '../output/terminal.js';

export const readTakeOvers = async (api: ManagerApi): Promise<TakeOvers> => await api.ask(takeOversList());
export const readLag = async (api: ManagerApi): Promise<ClusterLag> => await api.ask(takeOversLag());

export function renderTakeOvers({ rows }: TakeOvers, paint: Paint): string {
  if (rows.length === 0) return 'there was no change of Master';
  const cells = rows.map(({ epoch, at, kind, from, owner, cause, proof, loss, seen }) => [
    String(epoch),
    at,
    kind,
    `${from ?? '–'} → ${owner}`,
    loss === 'none' ? 'nothing' : paint(loss, 'red'),
    seen === null ? '–' : timesOf(seen),
    printable(cause),
    printable(proof ?? '–'),
  ]);
  return table(['EPOCH', 'AT', 'KIND', 'MASTER', 'LOST', 'PHASES', 'CAUSE', 'PROOF'], cells);
}

/** Each phase with the time since the old Master was last seen serving. */
function timesOf({ lastServingAt, phases }: NonNullable<TakeOverRow['seen']>): string {
  const fromMs = Date.parse(lastServingAt);
  return phases.map(({ phase, at }) => `${phase} ${duration(Math.max(0, Date.parse(at) - fromMs))}`).join(', ');
}

const ROWS = 6;

/** Bytes of WAL, and messages on one disk only. */
export const renderLag = ({ nodes, stepMs }: ClusterLag, columns: number): string =>
  nodes
    .flatMap(({ node, points }) => [
      `${node}: bytes of WAL behind, the most of ${stepMs / 1_000} s`,
      chart(
        points.map(({ at, walBytes: value }) => ({ at, value })),
        { columns, rows: ROWS },
      ),
      `${node}: messages on its disk only`,
      chart(
        points.map(({ at, journal: value }) => ({ at, value })),
        { columns, rows: ROWS },
      ),
    ])
    .join('\n');
