import { SILENT_LOG } from '@yosugara/kernel';
import type { AgentNews, FromAgent } from '@yosugara/protocol';
import { until } from '@yosugara/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressOf, contextOf } from '../identity.js';
import { fingerprintOf } from '../join.js';
import { FakeCluster, FakeDatabase, FakeManager } from '../testing/fake-manager.js';
import { helloOf } from './hello.js';
import { Links } from './links.js';
import { pauseMs } from './pace.js';
import { Sender } from './sender.js';

describe('the pace of attempts', () => {
  const facts = { failures: 1, code: null, isServed: false, chance: 0 } as const;
  it('is quick while nobody serves, and spreads two thousand agents', () => {
    for (const failures of [1, 2, 5, 1_000])
      for (const chance of [0, 0.5, 0.999]) expect(pauseMs({ ...facts, failures, chance })).toBeLessThanOrEqual(400);
    expect(pauseMs({ ...facts, chance: 0.999 }) - pauseMs(facts)).toBeGreaterThan(200);
  });
  it('has no hurry while somebody serves', () => expect(pauseMs({ ...facts, isServed: true })).toBeGreaterThanOrEqual(1_000));
  it.each([
    ['not-master', 400, 1_200],
    ['busy', 500, 2_000],
    ['duplicate', 10_000, 20_000],
    ['unknown-agent', 20_000, 60_000],
    ['protocol', 20_000, 60_000],
    ['proxy', 5_000, 10_000],
  ] as const)('after "%s" is from %d to %d ms', (code, least, most) => {
    expect(pauseMs({ ...facts, code })).toBe(least);
    expect(pauseMs({ ...facts, code, chance: 1 })).toBe(most);
  });
});

describe('a manager that pings and never answers a hello', () => {
  it('is left, and tried again until it does', async () => {
    const cluster = await FakeCluster.make();
    const manager = await FakeManager.start(cluster, new FakeDatabase(), 5);
    manager.answersHellos = false;
    const context = contextOf(await cluster.identityOf('n'));
    const of = {
      version: '0',
      agent: 'n',
      spool: 'a'.repeat(32),
      instance: 'b'.repeat(32),
      highestEpoch: 0,
      acked: 0,
      startedAtMs: 0,
    };
    const welcomed: number[] = [];
    const links = new Links({
      ...{ context: () => context, proxy: null, hello: () => helloOf(of), log: SILENT_LOG, random: () => 0, answerMs: 200 },
      onHeard: (link, { say }) => void (say === 'welcome' && welcomed.push(link)),
      onGone: () => undefined,
    });
    try {
      links.manage([{ host: '127.0.0.1', port: manager.port }]);
      await until(() => manager.saidOf('hello').length >= 2);
      expect(links.summary).toMatchObject([{ why: 'the manager did not answer our hello within 200 ms' }]);
      manager.answersHellos = true;
      await until(() => welcomed.length > 0);
    } finally {
      links.close();
      await manager.close();
    }
  });
});

describe('news', () => {
  it('are told in order and without a gap, whatever is committed when, and however often the Master changes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.constant('make'), fc.constant('commit'), fc.constant('master'), fc.constant('turn')), {
          maxLength: 60,
        }),
        async (moves) => {
          let [made, committed, expected, link] = [0, 0, 1, 1];
          const sender = new Sender({
            news: async (from, count) =>
              Array.from(
                { length: Math.min(count, 3, made - from + 1) },
                (_, at): AgentNews => ({ kind: 'trouble', atMs: 0, code: 'X', message: String(from + at) }),
              ),
            say: (to, saying) => {
              const { first, news } = saying as Extract<FromAgent, { say: 'news' }>;
              expect([to, first]).toEqual([link, expected]);
              expect((news[0] as { message: string }).message).toBe(String(first));
              expected += news.length;
              return true;
            },
            queuedBytes: () => 0,
            drop: () => undefined,
            onFailure: (error) => {
              throw error;
            },
          });
          sender.begin(link, 0);
          for (const move of moves) {
            if (move === 'make') sender.kick(++made);
            else if (move === 'commit') sender.committed((committed = expected - 1));
            else if (move === 'master') {
              sender.end();
              expected = committed + 1;
              sender.begin(++link, committed);
            } else await new Promise((resolve) => setImmediate(resolve));
          }
          for (let turn = 0; turn < 40; turn++) await new Promise((resolve) => setImmediate(resolve));
          expect(expected).toBe(made + 1);
          sender.end();
        },
      ),
      { numRuns: 200 },
    );
  });
});

it.each([
  ['host:24009', { host: 'host', port: 24_009 }],
  ['10.0.0.1:1', { host: '10.0.0.1', port: 1 }],
  ['[fd00::1]:24009', { host: 'fd00::1', port: 24_009 }],
  ['host', null],
  ['host:0', null],
  ['host:65536', null],
  ['fd00::1:24009', null],
])('%s is an address of a manager: %j', (text, address) => expect(addressOf(text)).toEqual(address));

it('a fingerprint may be written in each of the usual ways', () => {
  const bytes = Buffer.from(Array.from({ length: 32 }, (_, at) => at));
  const hex = bytes.toString('hex');
  for (const text of [hex, hex.toUpperCase(), hex.match(/../g)!.join(':'), `sha256:${hex}`, bytes.toString('base64url')])
    expect(fingerprintOf(text)).toBe(hex);
  expect(() => fingerprintOf('abc')).toThrow('SHA-256');
  expect(() => fingerprintOf(null)).toThrow('missing');
});
