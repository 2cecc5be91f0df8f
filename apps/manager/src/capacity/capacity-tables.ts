import {
  CAPACITY_ITEM,
  CAPACITY_SERIES,
  type Collected,
  type History,
  LOOK_POINTS,
  LOOKS,
  type Point,
  type SeriesName,
  seriesNameOf,
} from '@yosugara/operations';
import { CapacityRepository, CollectedRepository, type Connections, claim, Partitions, type ServerFacts } from '@yosugara/store';
import { orUnavailable } from '../store/or-unavailable.js';
import type { CommitGuard } from '../store/ports.js';

/** One thing that can fill up: how much of it was used, and what it was full at. */
export interface KnownUse extends Omit<SeriesName, 'part'> {
  /** Of what was used. */
  readonly series: number;
  readonly used: History;
  /** Newest last. */
  readonly limits: readonly Point[];
}

/** How full everything is, and was. Failures are those of `Connections`. */
export interface CapacityTables {
  store(collected: readonly Collected[], epoch: number, guard: CommitGuard): Promise<void>;
  tables(): Promise<ReadonlyMap<string, number>>;
  server(): Promise<ServerFacts>;
  /** @param everyMs between two samples. */
  history(nowMs: number, everyMs: number): Promise<readonly KnownUse[]>;
}

export function capacityTables(connections: Connections): CapacityTables {
  const { ingest, readers } = connections;
  const capacity = new CapacityRepository(ingest, readers, new Partitions(ingest, 'collected'));
  const collected = new CollectedRepository(readers);
  return {
    store: async (values, epoch, guard) =>
      await orUnavailable(
        capacity.store(values, async (client) => {
          await claim(client, epoch);
          guard();
        }),
      ),
    tables: async () => await orUnavailable(capacity.tables()),
    server: async () => await orUnavailable(capacity.server()),
    history: async (nowMs, everyMs) => await orUnavailable(historyOf(collected, nowMs, everyMs)),
  };
}

async function historyOf(collected: CollectedRepository, nowMs: number, everyMs: number): Promise<readonly KnownUse[]> {
  const { series } = await collected.series({
    facilities: [CAPACITY_SERIES.facility],
    monitor: CAPACITY_SERIES.monitor,
    item: CAPACITY_ITEM,
  });
  const named = series.flatMap(({ id, item }) => {
    const name = seriesNameOf(item);
    return name === null ? [] : [{ id, name }];
  });
  if (named.length === 0) return [];
  const ids = named.map(({ id }) => id);
  const looks: (readonly [stepMs: number, ReadonlyMap<number, readonly Point[]>])[] = [];
  for (const times of LOOKS) {
    const stepMs = Math.max(1_000, Math.round((times / LOOK_POINTS) * everyMs));
    const fromMs = Math.floor(nowMs / stepMs - LOOK_POINTS) * stepMs;
    const values = await collected.values({ ids, fromMs, toMs: nowMs + 1, step: stepMs });
    looks.push([stepMs, new Map([...values].map(([id, points]) => [id, pointsOf(points)]))]);
  }
  const keyOf = ({ resource, node, item }: SeriesName) => `${resource}\0${node}\0${item}`;
  const limits = new Map(named.flatMap(({ id, name }) => (name.part === 'limit' ? [[keyOf(name), id] as const] : [])));
  return named.flatMap(({ id, name }) => {
    if (name.part !== 'used') return [];
    const used: History = new Map(looks.map(([stepMs, of]) => [stepMs, of.get(id) ?? []]));
    const limit = limits.get(keyOf(name));
    const { resource, node, item } = name;
    const known = limit === undefined ? [] : looks.map(([, of]) => of.get(limit) ?? []);
    return [{ resource, node, item, series: id, used, limits: known.toReversed().flat() }];
  });
}

const pointsOf = (points: readonly { readonly at: string; readonly most: number | null }[]): readonly Point[] =>
  points.flatMap(({ at, most }) => (most === null ? [] : [{ atMs: Date.parse(at), value: most }]));
