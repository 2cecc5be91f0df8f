import 'reflect-metadata';
import { createSocket, type Socket } from 'node:dgram';
import { type IngestSource, type IngestTrace, IngestTraceSchema, type MessageRow, type NodeConfig } from '@yosugara/protocol';
import { startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ingestStatus, renderIngest } from '../../cli/src/commands/ingest-status.js';
import { renderTrace, traceMessage } from '../../cli/src/commands/ingest-trace.js';
import { followMessages } from '../../cli/src/commands/messages.js';
import { bearer } from '../../cli/src/control/credentials.js';
import { ManagerApi } from '../../cli/src/control/manager-api.js';
import { inside } from '../../cli/src/control/places.js';
import type { RunningReceiver } from '../../receiver/src/index.js';
import { twoReceivers } from '../../receiver/src/testing/two-receivers.js';
import { PROBE_TOKEN } from './testing/harness.js';
import { managerOf as managerOfNode, type NodeManager } from './testing/manager-of.js';
import { readTail, type TailReading } from './testing/read-tail.js';

/*
 * Two receivers with their journals and copies, PostgreSQL, and the manager of either node: what was sent is known to the last datagram,
 * and so must be what is told of it.
 */
const THIRD = 81;
const LOSSY = `127.0.${THIRD}.20`;
const REPEATED = `127.0.${THIRD}.21`;
const LIMITED = `127.0.${THIRD}.22`;
const SINGLE = `127.0.${THIRD}.23`;
const soon = { timeout: 60_000, interval: 50 };
const setting = await twoReceivers({
  third: THIRD,
  receiver: {
    sources: [
      { address: LIMITED, limits: { messagesPerSecond: 1, burst: 20 } },
      { address: SINGLE, delivery: 'single' },
    ],
  },
});
let server: TestPostgres;
beforeAll(async () => {
  server = await startTestPostgres();
});
afterAll(async () => await server?.stop());

interface Node extends NodeManager {
  /** From here, or from where a stream before had come. */
  tail(lastId: string | null): Promise<TailReading>;
  sources(query?: string): Promise<readonly IngestSource[]>;
}

/** What `yosugara` asks, on the host of this node. */
function commandLineOf({ url }: NodeManager): ManagerApi {
  const { hostname, port } = new URL(url);
  const at = (host: string) => inside(host, Number(port), null);
  const nodes = (['a', 'b'] as const).map((id) => ({ id, place: at(setting.address[id]) }));
  return new ManagerApi({ name: 'test', all: [at(hostname)], nodes }, bearer(PROBE_TOKEN));
}

/** The manager of a node whose receiver runs. */
async function managerOf(config: NodeConfig, receivers: Readonly<Record<'a' | 'b', RunningReceiver>>): Promise<Node> {
  const told = () => ({ receivers: (['a', 'b'] as const).map((each) => ({ node: each, report: receivers[each].report() })) });
  const node = await managerOfNode(config, setting.address[config.node as 'a' | 'b'], server, told);
  setting.closers.push(node.stop);
  return {
    ...node,
    tail: async (lastId) => {
      const reading = await readTail(`${node.url}/api/messages/tail?text=tailed`, lastId);
      setting.closers.push(reading.close);
      return reading;
    },
    sources: async (query = '') => (await node.get<{ sources: IngestSource[] }>(`/api/ingest/sources${query}`)).sources,
  };
}

async function sender(address: string): Promise<(text: string, ...to: readonly ('a' | 'b')[]) => Promise<void>> {
  const socket: Socket = createSocket('udp4');
  setting.closers.push(() => socket.close());
  await new Promise<void>((resolve) => socket.bind(0, address, resolve));
  return async (text, ...to) => {
    const send = async (node: 'a' | 'b') =>
      await new Promise<void>((resolve, reject) =>
        socket.send(`<13>${text}`, setting.ports.syslog, setting.address[node], (error) =>
          error === null ? resolve() : reject(error),
        ),
      );
    // At once: of who stands still for seconds between the two, these are two messages.
    await Promise.all(to.map(send));
  };
}

const of = (sources: readonly IngestSource[], name: string) => sources.find(({ source }) => source === name);

it('what both nodes were sent and one did not get, doubles on one side, limits and single delivery are told to the last datagram, also after a take-over', async () => {
  const configs = setting.configs();
  const receivers = { a: await setting.start(configs.a), b: await setting.start(configs.b) };
  await vi.waitFor(() => expect([receivers.a.report().peerLink, receivers.b.report().peerLink]).toEqual(['up', 'up']), soon);
  const a = await managerOf(configs.a, receivers);
  a.controller.say({ mode: 'active', epoch: 1, master: 'a' });

  const lossy = await sender(LOSSY);
  for (let at = 0; at < 300; at++) await lossy(`line ${at}`, ...(at % 10 === 0 ? (['a'] as const) : (['a', 'b'] as const)));
  const repeated = await sender(REPEATED);
  for (let at = 0; at < 50; at++) await repeated(`line ${at}`, 'a', 'a', 'b');
  const limited = await sender(LIMITED);
  for (let at = 0; at < 100; at++) await limited(`line ${at}`, 'a');
  const single = await sender(SINGLE);
  for (let at = 0; at < 10; at++) await single(`line ${at}`, 'a');

  const counts = ({ received, matched, onlyAt, unpaired }: IngestSource) => ({ received, matched, onlyAt, unpaired });
  const expected = { received: { a: 300, b: 270 }, matched: 270, onlyAt: { a: 30, b: 0 }, unpaired: { a: 0, b: 0 } };
  await vi.waitFor(async () => {
    const sources = await a.sources();
    expect(counts(of(sources, LOSSY)!)).toEqual(expected);
    expect(counts(of(sources, REPEATED)!)).toEqual({
      ...{ received: { a: 100, b: 50 }, matched: 50, onlyAt: { a: 50, b: 0 }, unpaired: { a: 0, b: 0 } },
    });
    expect(counts(of(sources, SINGLE)!)).toMatchObject({
      received: { a: 10, b: 0 },
      matched: 0,
      onlyAt: { a: 0 },
      unpaired: { a: 10 },
    });
    // Whatever the limit let pass: nothing is missing between what was sent and what is told.
    const { received, atReceiver } = of(sources, LIMITED)!;
    expect(received['a']).toBeGreaterThanOrEqual(20);
    expect([atReceiver['a']?.received, (atReceiver['a']?.refused['rate'] ?? 0) + received['a']!]).toEqual([received['a'], 100]);
  }, soon);
  expect(of(await a.sources(), LOSSY)!.oneSided).toBeCloseTo(0.1);

  // One message each: from both journals to one row, and from one.
  const { rows } = await a.get<{ rows: { id: string; text: string; seenBy: string[] }[] }>(
    `/api/messages?source=${LOSSY}&limit=1000`,
  );
  const traced = async (node: Node, id: string): Promise<IngestTrace> =>
    IngestTraceSchema.parse(await node.get(`/api/ingest/trace?${new URLSearchParams({ id })}`));
  const both = await traced(a, rows.find(({ text }) => text === 'line 11')!.id);
  expect(both).toMatchObject({ pairing: { kind: 'both', copies: [{ how: 'found' }] }, commit: { epoch: 1 }, unknown: [] });
  expect([both.places.length, both.pairing.copies[0]!.places.length, both.rows[0]!.seenBy]).toEqual([1, 1, ['a', 'b']]);
  expect(both.facts).toMatchObject({ source: { address: LOSSY }, transport: 'udp', text: 'line 11' });
  expect(new Set([both.record.node, both.pairing.copies[0]!.node])).toEqual(new Set(['a', 'b']));
  // Asked by the record of the copy, which has no row of its own, it is the same row.
  const copy = both.pairing.copies[0]!;
  expect((await traced(a, `${copy.journalId}:${copy.seq}`)).rows.map(({ id }) => id)).toEqual(both.rows.map(({ id }) => id));
  const alone = await traced(a, rows.find(({ text }) => text === 'line 10')!.id);
  expect(alone).toMatchObject({ pairing: { kind: 'alone', copies: [] }, places: [{ on: 'a', node: 'a', side: 'own' }] });
  expect(await traced(a, `a:${alone.record.seq}`)).toMatchObject({ record: alone.record, rows: [{ seenBy: ['a'] }] });
  expect(await traced(a, rows.find(({ text }) => text === 'line 11')!.id)).toEqual(both);
  await expect(traced(a, 'a:999999')).rejects.toThrow('404');

  // As the operator sees it; the manager of b does not run.
  const told = await traceMessage(commandLineOf(a), both.rows[0]!.id);
  expect(told.answeredBy).toEqual(['a']);
  expect(told.unknown).toEqual([expect.stringContaining('b was not heard on it')]);
  const lines = renderTrace(told).split('\n');
  expect(lines[0]).toBe(`${both.record.journalId} record ${both.record.seq}, received by ${both.record.node}`);
  expect(lines.find((line) => line.includes('pairing'))).toContain('both: the row is that of');
  expect(lines.find((line) => line.includes('commit'))).toContain('epoch 1, ');
  await expect(traceMessage(commandLineOf(a), 'a:999999')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const shown = renderIngest(await ingestStatus(commandLineOf(a), { limit: 50 }), (text) => text);
  expect(shown.replaceAll(/ +/g, ' ')).toContain(`${LOSSY} 300 270 270 30 0 10.0 % 0`);

  // b goes on: nothing of a's time is counted again, and the floor of b's own time is that of the table.
  a.controller.say({ mode: 'passive', epoch: 2, leaseUntilMs: 0 });
  const b = await managerOf(configs.b, receivers);
  b.controller.say({ mode: 'active', epoch: 2, master: 'b' });
  for (let at = 300; at < 400; at++) await lossy(`line ${at}`, ...(at % 20 === 0 ? (['b'] as const) : (['a', 'b'] as const)));
  const after = { received: { a: 395, b: 370 }, matched: 365, onlyAt: { a: 30, b: 5 }, unpaired: { a: 0, b: 0 } };
  for (const node of [b, a]) await vi.waitFor(async () => expect(counts(of(await node.sources(), LOSSY)!)).toEqual(after), soon);
  expect(counts(of(await b.sources(), REPEATED)!)).toMatchObject({ received: { a: 100, b: 50 }, matched: 50 });
  const later = await b.get<{ rows: { id: string; text: string }[] }>(`/api/messages?source=${LOSSY}&text=line 399`);
  expect(await traced(b, later.rows[0]!.id)).toMatchObject({ answeredBy: 'b', commit: { epoch: 2 } });
  // The message of a's time, told by b: from its copy of a's journal.
  expect(await traced(b, alone.rows[0]!.id)).toMatchObject({
    places: [{ on: 'b', node: 'a', side: 'peer' }],
    commit: { epoch: 1 },
  });
});

it('the tail goes on where it was on the next Master: nothing twice, nothing left out', async () => {
  const configs = setting.configs();
  const receivers = { a: await setting.start(configs.a), b: await setting.start(configs.b) };
  await vi.waitFor(() => expect([receivers.a.report().peerLink, receivers.b.report().peerLink]).toEqual(['up', 'up']), soon);
  const a = await managerOf(configs.a, receivers);
  a.controller.say({ mode: 'active', epoch: 3, master: 'a' });
  const send = await sender(LOSSY);
  await send('tailed before', 'a', 'b');
  const stored = async (text: string) => (await a.get<{ rows: unknown[] }>(`/api/messages?text=${text}`)).rows.length;
  await vi.waitFor(async () => expect(await stored('tailed before')).toBe(1), soon);
  const first = await a.tail(null);
  const followed: string[] = [];
  const stop = new AbortController();
  const show = (rows: readonly MessageRow[]) => void followed.push(...rows.map(({ text }) => text));
  const following = followMessages(
    commandLineOf(a),
    { text: 'tailed' },
    { show, skipped: () => expect.fail('too slow') },
    stop.signal,
  );
  const said: string[] = [];
  const say = async (count: number) => {
    for (let at = 0; at < count; at++) {
      said.push(`tailed ${said.length}`);
      await send(said.at(-1)!, 'a', 'b');
      await send('of no interest', 'a', 'b');
    }
  };
  await say(20);
  await vi.waitFor(() => expect([first.texts(), followed]).toEqual([said, said]), soon);
  stop.abort();
  await following;
  const lastId = first.lastId();
  await first.close();
  await say(15);
  await vi.waitFor(async () => expect(await stored('tailed')).toBe(36), soon);
  a.controller.say({ mode: 'passive', epoch: 4, leaseUntilMs: 0 });
  await say(15);
  const b = await managerOf(configs.b, receivers);
  b.controller.say({ mode: 'active', epoch: 4, master: 'b' });
  const second = await b.tail(lastId);
  await say(10);
  await vi.waitFor(() => expect(second.texts()).toHaveLength(40), soon);
  expect([...second.texts()].sort()).toEqual(said.slice(20).sort());
  // Also of a node that only looks on, and from any place of before.
  const third = await a.tail(lastId);
  await vi.waitFor(() => expect([...third.texts()].sort()).toEqual(said.slice(20).sort()), soon);
  await expect(a.tail('nonsense')).rejects.toThrow('400');
});
