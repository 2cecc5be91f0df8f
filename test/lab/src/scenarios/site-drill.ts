import type { LabCluster } from '../cluster/cluster.js';
import { LINE } from '../host/network.js';
import { demand, heal, isolated } from './means.js';
import { rows } from './superset-processes.js';
import type { Scenario, Stage } from './types.js';

/* `yosugara dr drill` as an operator asks for it, on the host of the copy, while the cluster at home works (docs/dr.md). */

const WHOLE = 'with the line';
const CUT = 'with the line cut';
const DRILL_DEADLINE_MS = 180_000;
const TABLE = 'public.lab_write';

interface Followed {
  readonly replayed: string;
  readonly isStreaming: boolean;
}

interface Drilled {
  readonly lsn: string;
  readonly committedAt: string | null;
  readonly timeline: number;
  readonly databaseBytes: number;
  readonly copySeconds: number;
  readonly promoteSeconds: number;
  readonly tables: readonly { readonly name: string; readonly rows: number }[];
  readonly before: Followed;
  readonly after: Followed;
}

const written = async (cluster: LabCluster, on: 'a' | 'b' | 'd'): Promise<number> =>
  (await cluster.sql<{ n: number }>(on, 'SELECT count(*)::int AS n FROM lab_write'))[0]?.n ?? 0;

const timelineOf = async (cluster: LabCluster): Promise<number> =>
  (await cluster.sql<{ n: number }>('d', 'SELECT received_tli AS n FROM pg_stat_wal_receiver'))[0]?.n ?? 0;

async function drilled({ cluster, target, variant, told, say }: Stage): Promise<void> {
  const refused = await cluster.answer(target, ['dr', 'drill']);
  demand(refused === '' || refused.includes('"error"'), `a drill was done where no copy is: ${refused}`);
  const timeline = await timelineOf(cluster);
  if (variant === CUT) await cluster.network.drop(isolated(LINE));
  const held = await written(cluster, 'd');
  const text = await cluster.answer('d', ['dr', 'drill'], DRILL_DEADLINE_MS);
  const done = JSON.parse(text) as Drilled;
  demand('tables' in done, `dr drill failed: ${text}`);
  const { copySeconds, promoteSeconds, after, databaseBytes } = done;
  say(`forked ${databaseBytes} bytes in ${copySeconds} s, promoted in ${promoteSeconds} s, up to ${done.lsn}`);
  const inFork = done.tables.find(({ name }) => name === TABLE)?.rows ?? 0;
  const most = await written(cluster, target);
  demand(inFork >= held && inFork <= most, `the fork has ${inFork} writes; the copy had ${held} before, the Master has ${most}`);
  demand(timeline > 0 && done.timeline === timeline + 1, `the fork is on timeline ${done.timeline}, the copy on ${timeline}`);
  demand(after.isStreaming === (variant !== CUT), `the copy is said ${after.isStreaming ? '' : 'not '}to follow on`);
  await nothingIsLeft(cluster);
  told.measured['drillCopyMs'] = Math.round(copySeconds * 1_000);
  told.measured['drillPromoteMs'] = Math.round(promoteSeconds * 1_000);
}

/** The fork's folder is gone, and one server runs there, the copy's. */
async function nothingIsLeft(cluster: LabCluster): Promise<void> {
  const { d } = cluster.hosts;
  const names = (await d.exec('ls', [`${d.mountpoint}/data`])).split('\n');
  demand(names.includes('pgdata') && names.every((name) => !name.startsWith('drill')), `on d there is ${names.join(' ')}`);
  // By folder: a child of the copy's server goes by its arguments for a moment, too.
  const folders = 'ps -eo args --no-headers | grep -o "[p]ostgres -D [^ ]*" | sort -u | wc -l';
  const servers = await d.exec('sh', ['-c', folders]);
  demand(servers.trim() === '1', `${servers.trim()} servers run on d`);
}

export const SITE_DRILL: readonly Scenario[] = rows([
  [
    'DR4-drill',
    'master',
    'untouched',
    'the promotion of the copy in the other site is rehearsed (`dr drill`), with the line and with the line cut',
    'the fork has what the copy had and takes writes; the copy follows on, the Master is asked nothing, nobody’s role changes',
    drilled,
    { needs: { dr: true }, variants: [WHOLE, CUT], comeback: 'by-itself', repair: heal },
  ],
]);
