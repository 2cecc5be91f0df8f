import 'reflect-metadata';
import { epoch } from '@yosugara/kernel';
import { EMPTY_WINDOW } from '@yosugara/operations';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { aMessage } from '../testing/a-message.js';
import { Eras, startTwoManagers, type TestNode, type TwoManagers } from '../testing/harness.js';
import { readTail, type TailReading } from '../testing/read-tail.js';

const soon = { timeout: 60_000, interval: 50 };
const MINUTE_MS = 60_000;
let cluster: TwoManagers;
let store: TwoManagers['store'];
/** The Master, and a second node on the same database, as a hot standby would show it. */
let a: TestNode;
let b: TestNode;
const eras = new Eras();
const { become, becomeActive } = eras;
const open: TailReading[] = [];

beforeAll(async () => {
  cluster = await startTwoManagers(79);
  ({ store, a, b } = cluster);
  become(b, 'b', { mode: 'passive' });
  await becomeActive(a, 'a');
});
afterEach(async () => {
  for (const tail of open.splice(0)) await tail.close();
});
afterAll(async () => await cluster?.stop());

/** Of each journal the numbers go up, as they do in its order of storing. */
const numbers = new Map<string, number>();
interface Told {
  readonly journal?: string;
  /** Received so long ago. */
  readonly agoMs?: number;
  readonly count?: number;
}
const NOTHING = { seenAlso: [], window: EMPTY_WINDOW };

/** One batch, as ingest of whichever node stores it. @returns its rows' texts. */
async function stored(parts: readonly Told[], tellsMaster = false): Promise<readonly string[]> {
  const rows = parts.flatMap(({ journal = 'a-1-1', agoMs = 0, count = 5 }) =>
    Array.from({ length: count }, (_, at) => {
      const seq = (numbers.get(journal) ?? 0) + 1;
      numbers.set(journal, seq);
      const receivedAtUs = (Date.now() - agoMs) * 1_000 + at;
      return aMessage(receivedAtUs, seq, { journalId: journal, text: `${journal} ${seq}${agoMs > MINUTE_MS ? ' late' : ''}` });
    }),
  );
  const { version } = await store.messages.loadProgress();
  await store.messages.storeBatch({
    epoch: epoch(eras.now),
    version,
    rows,
    positions: [...numbers].map(([journalId, seq]) => ({ journalId, seq })),
    ...NOTHING,
  });
  if (tellsMaster) a.ingest.onStored(rows);
  return rows.map(({ text }) => text);
}

async function tailOf(node: TestNode, lastId: string | null = null, filter = ''): Promise<TailReading> {
  const tail = await readTail(`${node.url}/api/messages/tail${filter}`, lastId);
  open.push(tail);
  return tail;
}

async function brings(tail: TailReading, texts: readonly string[]): Promise<void> {
  await expect.poll(() => tail.texts().length, soon).toBeGreaterThanOrEqual(texts.length);
  expect([...tail.texts()].sort()).toEqual([...texts].sort());
  for (const { text, storedLate } of tail.rows()) expect([text, storedLate === true]).toEqual([text, text.endsWith(' late')]);
}

it('what is stored hours after it was received is in the tail of a Standby and of the Master, said to be late, and once', async () => {
  await stored([{}]);
  const tails = [await tailOf(b), await tailOf(a)];
  const texts = [
    ...(await stored([{ journal: 'b-1-1', agoMs: 120 * MINUTE_MS }, {}], true)),
    ...(await stored([{ journal: 'b-1-1', agoMs: 90 * MINUTE_MS }], true)),
    ...(await stored([{ journal: 'b-1-1', agoMs: 5 * MINUTE_MS, count: 900 }], true)),
    // Its commit was not told: the Master that stored it was another one, or did not hear the answer.
    ...(await stored([{ journal: 'b-1-1', agoMs: 2 * MINUTE_MS, count: 1_050 }, {}])),
  ];
  for (const tail of tails) await brings(tail, texts);
});

it('what was stored late while nobody was connected comes when the tail goes on, on whichever node, once', async () => {
  const first = await tailOf(a);
  const before = await stored([{}, { journal: 'b-1-1', agoMs: 60 * MINUTE_MS }], true);
  await brings(first, before);
  const lastId = first.lastId();
  await first.close();
  const missed = [
    ...(await stored([{ journal: 'b-1-1', agoMs: 30 * MINUTE_MS }, {}])),
    ...(await stored([{ journal: 'b-2-1', agoMs: 300 * MINUTE_MS }])),
  ];
  const second = await tailOf(b, lastId);
  await brings(second, missed);
  const live = await stored([{ journal: 'b-2-1', agoMs: 200 * MINUTE_MS }, {}]);
  await brings(second, [...missed, ...live]);
  // The batch of before has been taken: from here nothing comes again.
  const onward = await tailOf(a, second.lastId());
  const last = await stored([{ journal: 'b-2-1', agoMs: 100 * MINUTE_MS }], true);
  await brings(onward, last);
  // From the older place all of it comes again, also to who only looks on.
  await brings(await tailOf(b, lastId), [...missed, ...live, ...last]);
});

it('what is late passes the filter, too', async () => {
  const tail = await tailOf(b, null, '?host=other');
  const lastId = tail.lastId();
  await stored([{ agoMs: 50 * MINUTE_MS }, {}]);
  const fromThere = await tailOf(a, lastId === '' ? null : lastId, '?host=h');
  const texts = await stored([{ agoMs: 40 * MINUTE_MS }], true);
  await expect.poll(() => fromThere.texts(), soon).toEqual(expect.arrayContaining([...texts]));
  expect(tail.texts()).toEqual([]);
});

it('the place of a version that knew no late rows goes on as it did', async () => {
  const tail = await tailOf(b, `${(Date.now() + 1_000) * 1_000};${[...numbers].map(([id, seq]) => `${id}:${seq}`).join(',')}`);
  await brings(tail, await stored([{ journal: 'b-2-1', agoMs: 70 * MINUTE_MS }, {}]));
});
