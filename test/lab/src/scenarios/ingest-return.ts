import { setTimeout as delay } from 'node:timers/promises';
import { monotonicMs, until } from '../host/shell.js';
import { Blast } from '../senders/blast.js';
import { demand } from './means.js';
import type { Stage } from './types.js';

const LOAD_PER_SECOND = 3_000;
const WINDOW_MS = 10_000;
/** Of a million lines on a machine that everything shares. */
const LINES_DEADLINE_MS = 3_600_000;
const CATCH_UP_DEADLINE_MS = 3_600_000;
const KEPT_SHARE = 0.8;

/** Records that the Master's ingest passed a second: those of the load, and what the client host sends all the time. */
async function storedASecond({ cluster, other }: Stage, over: () => Promise<unknown>): Promise<number> {
  // The database's own account of it, for counting millions of rows would slow down what is measured.
  const count = async () => {
    const [row] = await cluster.sql<{ count: string }>(other, 'SELECT coalesce(sum(seq), 0) AS count FROM ingest_position');
    return Number(row?.count ?? 0);
  };
  const [from, fromMs] = [await count(), monotonicMs()];
  await over();
  return ((await count()) - from) / ((monotonicMs() - fromMs) / 1_000);
}

const load = ({ cluster, other }: Stage, seconds: number): Blast =>
  Blast.start(cluster, other, 'load', LOAD_PER_SECOND * seconds, LOAD_PER_SECOND);

/** The Master alone takes lines: first at a rate that is measured, then, without the Standby, as many as were asked for. */
export async function loadBefore(stage: Stage): Promise<void> {
  const { cluster, target, other, told, say, messages } = stage;
  const before = load(stage, WINDOW_MS / 1_000 + 5);
  await delay(2_000);
  told.measured['messages/s stored before'] = Math.round(await storedASecond(stage, () => delay(WINDOW_MS)));
  await before.taken(LINES_DEADLINE_MS);
  await cluster.hosts[target].powerOff();
  say(`${target} is off; ${messages} lines go to ${other}`);
  const beganMs = monotonicMs();
  const lines = Blast.start(cluster, other, 'return', messages, 0);
  try {
    await lines.taken(LINES_DEADLINE_MS);
  } finally {
    lines.stop();
  }
  say(`${other} has taken them after ${Math.round((monotonicMs() - beganMs) / 1_000)} s`);
  await lines.demandStored(cluster, other, LINES_DEADLINE_MS);
  say(`and stored them after ${Math.round((monotonicMs() - beganMs) / 1_000)} s`);
  told.lines.push(before, lines);
}

/** The node is on again: its receiver fetches what it lacks while the load goes on. */
export async function catchUp(stage: Stage): Promise<void> {
  const { cluster, target, other, told, say, messages } = stage;
  await cluster.powerOn(target);
  const during = load(stage, 3_600);
  let caughtUpMs = 0;
  try {
    const beganMs = monotonicMs();
    told.measured['messages/s stored while it catches up'] = Math.round(
      await storedASecond(stage, async () => {
        await behindAtMost(stage, LOAD_PER_SECOND);
        caughtUpMs = monotonicMs() - beganMs;
        // Of a quick catching up, at least as long as what it is compared with.
        await delay(Math.max(0, WINDOW_MS - caughtUpMs));
      }),
    );
  } finally {
    during.stop();
  }
  told.measured['seconds to catch up'] = Math.round(caughtUpMs / 100) / 10;
  say(`${target} holds the journal of ${other} again after ${Math.round(caughtUpMs)} ms (${messages} lines)`);
  const [before = 0, now = 0] = ['messages/s stored before', 'messages/s stored while it catches up'].map(
    (name) => told.measured[name],
  );
  demand(now >= before * KEPT_SHARE, `the Master stored ${now} messages a second while ${target} caught up, ${before} before`);
}

/** The Master's receiver says that the other one holds nearly all of its journal. */
async function behindAtMost({ cluster, other }: Stage, records: number): Promise<void> {
  await until(
    'the copy of the Master’s journal',
    CATCH_UP_DEADLINE_MS,
    async () => {
      const receiver = (await cluster.status(other).catch(() => null))?.nodes.find((node) => node.name === other)?.receiver;
      return receiver?.peerLink === 'up' && receiver.behindPeer <= records ? true : undefined;
    },
    200,
  );
}
