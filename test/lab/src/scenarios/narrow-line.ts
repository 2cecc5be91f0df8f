import { parseLsn } from '@yosugara/kernel';
import { fillDatabase } from '../cluster/fill-database.js';
import { follows } from '../cluster/roles.js';
import { query } from '../cluster/sql.js';
import { monotonicMs, until } from '../host/shell.js';
import { demand, shell } from './means.js';
import { rows } from './superset-processes.js';
import type { Scenario, Stage } from './types.js';

/* The copy in the other site has a bound of what it takes of the line (docs/dr.md), and the cluster at home writes more than that. */

const LINE_MBIT = 16;
/** A minute and more of that line; less than a new Master has kept of WAL for one who follows it anew (`wal_keep_size`). */
const WRITTEN_BYTES = 100 * 1024 ** 2;
const BEHIND_BYTES = 20 * 1024 ** 2;
/** Headers, the controllers' words, and clients that look for the Master there, too. */
const BESIDE = 1.25;
const CAUGHT_UP_DEADLINE_MS = 300_000;
const FORCED = 'grep -c "received immediate shutdown request" "$STATE"/logs/postgres.log || true';

/** What the host of the copy has received since it was made, by its one interface. */
async function received({ cluster }: Pick<Stage, 'cluster'>): Promise<number> {
  const text = await cluster.network.exec('d', 'ip', ['-json', '-statistics', 'link', 'show', 'eth0']);
  const [link] = JSON.parse(text) as readonly { readonly stats64: { readonly rx: { readonly bytes: number } } }[];
  return link?.stats64.rx.bytes ?? 0;
}

const behind = async ({ cluster }: Stage, on: 'a' | 'b'): Promise<number> => (await cluster.status(on)).siteLoss?.bytes ?? 0;

async function switchedWhileBehind(stage: Stage): Promise<void> {
  const { cluster, target, notes, told, say } = stage;
  const fromMs = monotonicMs();
  const before = await received(stage);
  await fillDatabase(cluster, WRITTEN_BYTES);
  const bytes = await until('the copy is behind', 10_000, async () => {
    const found = await behind(stage, target);
    return found > BEHIND_BYTES ? found : undefined;
  });
  say(`the copy is ${bytes} bytes behind`);
  told.measured['behindBytes'] = bytes;
  notes.set('fromMs', fromMs);
  notes.set('before', before);
  notes.set('forced', Number(await shell(cluster, target, FORCED)));
  notes.set('struckMs', monotonicMs());
  await cluster.yosugara(target, ['switchover'], 60_000);
}

/** The old Master ended in order, the copy follows the new one and gets everything, and the line never carried more than it was to. */
async function caughtUp(stage: Stage): Promise<void> {
  const { cluster, target, other, notes, told, say } = stage;
  const forced = Number(await shell(cluster, target, FORCED)) - (notes.get('forced') ?? 0);
  demand(forced === 0, `${target} waited for the copy until its time was over`);
  await cluster.statusWhere(other, 'd follows and has everything', CAUGHT_UP_DEADLINE_MS, ({ nodes, siteLoss }) => {
    const d = nodes.find(({ name }) => name === 'd');
    return (
      d !== undefined &&
      follows(d) &&
      !d.syncSet &&
      siteLoss?.isFollowing === true &&
      (siteLoss.bytes ?? BEHIND_BYTES) < 1024 ** 2
    );
  });
  const seconds = (monotonicMs() - (notes.get('fromMs') ?? 0)) / 1_000;
  const mbit = (((await received(stage)) - (notes.get('before') ?? 0)) * 8) / 1_000_000 / seconds;
  say(`${mbit.toFixed(1)} Mbit/s over ${seconds.toFixed(0)} s came to the host of the copy`);
  told.measured['lineKbitPerSecond'] = Math.round(mbit * 1_000);
  demand(mbit <= LINE_MBIT * BESIDE, `the line carried ${mbit} Mbit/s, and ${LINE_MBIT} were allowed`);
}

/** As messages are: words that come again, and numbers. In pieces, so that the row that waits for a commit is not the whole of it. */
const PACKED_ROWS = 150_000;
const TEXT = `INSERT INTO lab_text SELECT format('<13>1 2026-11-23T03:00:00Z host%s app %s - - disk %s is at %s %%', n % 40, n, n * 7919, n % 97) FROM generate_series(1, ${PACKED_ROWS}) AS n`;
const PACKED_PIECES = 4;
/** What WAL that is like messages takes of the line at most: the rest of it is the controllers' words and the lab's clients. */
const PACKED_SHARE = 0.5;

async function writtenWhilePacked(stage: Stage): Promise<void> {
  const { cluster, target, notes, told, say } = stage;
  const at = async () => {
    const [row] = await query(cluster.superuser(target), 'SELECT pg_current_wal_flush_lsn()::text AS lsn', 10_000);
    return parseLsn((row as { readonly lsn: string }).lsn);
  };
  await cluster.sql(target, 'CREATE TABLE lab_text (line text)');
  const [from, before] = [await at(), await received(stage)];
  for (let piece = 0; piece < PACKED_PIECES; piece += 1) await query(cluster.superuser(target), TEXT, 120_000);
  const written = (await at()) - from;
  await until('the copy has it', CAUGHT_UP_DEADLINE_MS, async () =>
    (await behind(stage, target)) < 1024 ** 2 ? true : undefined,
  );
  const share = ((await received(stage)) - before) / written;
  say(`${written} bytes of WAL, ${(100 * share).toFixed(0)} % of that came to the host of the copy`);
  told.measured['packedPercent'] = Math.round(100 * share);
  demand(share < PACKED_SHARE, `the line carried ${share} of the WAL`);
  notes.set('struckMs', monotonicMs());
  await cluster.yosugara(target, ['switchover'], 60_000);
}

async function followsPacked({ cluster, other }: Stage): Promise<void> {
  await cluster.statusWhere(other, 'd follows and has everything', CAUGHT_UP_DEADLINE_MS, ({ nodes, siteLoss }) => {
    const d = nodes.find(({ name }) => name === 'd');
    return d !== undefined && follows(d) && siteLoss?.isFollowing === true && (siteLoss.bytes ?? BEHIND_BYTES) < 1024 ** 2;
  });
}

export const NARROW_LINE: readonly Scenario[] = rows([
  [
    'DR5-narrow-line',
    'master',
    'other-serves',
    'a switchover at home while the copy in the other site, whose line is bounded, is more than 20 MB behind',
    'nobody at home waits for the copy; it follows the new Master, and takes no more of the line than it may',
    switchedWhileBehind,
    { needs: { dr: true, lineMbit: LINE_MBIT }, comeback: 'by-itself', look: caughtUp },
  ],
  [
    'DR6-packed-line',
    'master',
    'other-serves',
    'a switchover at home while the line to the copy in the other site is packed',
    'less than half of the WAL comes over the line, the copy has everything and follows the new Master',
    writtenWhilePacked,
    { needs: { dr: true, linePacked: true }, comeback: 'by-itself', look: followsPacked },
  ],
]);
