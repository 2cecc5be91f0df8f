import type { AuditRow, LastFence, TakeOverRow } from '@yosugara/protocol';
import { proofParts } from './cluster-model.js';

const MOST = 10;
/** An order and the cluster's record of it are written down one after the other. */
const SAME_MS = 10 * 60_000;

/** One time that a node's power was to be cut. */
export interface FenceRow {
  readonly at: string;
  readonly target: string;
  /** Of an operator, with the reason; null: a take-over needed it. */
  readonly ordered: { readonly by: string; readonly why: string } | null;
  /** Of that take-over. */
  readonly epoch: number | null;
  /** `given`: the order; what became of it was in the status then. */
  readonly state: LastFence['state'] | 'given' | 'refused';
  /** Of the device, read back. */
  readonly said: string;
}

const textOf = (detail: unknown, key: string): string => {
  const value = typeof detail === 'object' && detail !== null ? (detail as Readonly<Record<string, unknown>>)[key] : null;
  return typeof value === 'string' ? value : '';
};

/** What became of an order, as the Master wrote it down (`cluster.fenced`). */
function outcomeOf({ who, detail }: AuditRow): LastFence {
  const text = (key: string) => textOf(detail, key);
  const why = text('why');
  return {
    ...{ requestId: '', target: text('target'), by: text('by'), evidence: text('evidence'), at: text('orderedAt') },
    ...{ state: text('state') === 'confirmed' ? 'confirmed' : 'failed', method: text('method') },
    ordered: why === '' ? null : { by: who, why },
  };
}

/** Those that operators ordered, those that take-overs needed, and what the devices said; newest first. */
export function fencesOf(
  last: LastFence | null,
  takeOvers: readonly TakeOverRow[],
  /** Of the audit log: `cluster.fence` and `cluster.fenced`, each newest first. */
  { orders, outcomes }: { readonly orders: readonly AuditRow[]; readonly outcomes: readonly AuditRow[] },
): readonly FenceRow[] {
  const byTakeOver = takeOvers.flatMap(({ at, from, epoch, proof }): readonly FenceRow[] => {
    const { code, evidence } = proofParts(proof ?? '');
    return code === 'P2' && from !== null ? [{ at, target: from, ordered: null, epoch, state: 'confirmed', said: evidence }] : [];
  });
  const byHand = orders.map(({ at, who, done, detail }): FenceRow => {
    const ordered = { by: who, why: textOf(detail, 'why') };
    return { at, target: textOf(detail, 'node'), ordered, epoch: null, state: done ? 'given' : 'refused', said: '' };
  });
  let rows: readonly FenceRow[] = [...byTakeOver, ...byHand];
  // What is known best comes last, and takes the place of what tells of the same.
  for (const fence of [...outcomes.map(outcomeOf).reverse(), ...(last === null ? [] : [last])]) rows = withOutcome(rows, fence);
  return [...rows].sort((one, two) => Date.parse(two.at) - Date.parse(one.at)).slice(0, MOST);
}

function withOutcome(rows: readonly FenceRow[], fence: LastFence): readonly FenceRow[] {
  const { at, target, ordered, state, method, evidence } = fence;
  const said = [method, evidence].filter((each) => each !== null && each !== '').join(': ');
  const same = rows.find(
    (row) =>
      row.target === target &&
      row.ordered?.by === ordered?.by &&
      row.state !== 'refused' &&
      Math.abs(Date.parse(row.at) - Date.parse(at)) < SAME_MS,
  );
  return [...rows.filter((row) => row !== same), { at, target, ordered, epoch: same?.epoch ?? null, state, said }];
}
