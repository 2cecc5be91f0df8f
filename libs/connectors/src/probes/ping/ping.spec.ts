import { chmodSync } from 'node:fs';
import { Daemons, findSystemProgram } from '@yosugara/testkit';
import { afterAll, describe, expect, it } from 'vitest';
import { createProbes, type ProbesOptions } from '../index.js';
import { ask, askOne, newlyOpen, node, openThings, PATTERNS, whyOf } from '../testing/asking.js';
import { readFping } from './fping.js';

const closers: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
const probesWith = (ping: ProbesOptions['ping']) => {
  const probes = createProbes({ patterns: PATTERNS, ping: { gatherMs: 50, ...ping } });
  closers.push(async () => await Promise.all(probes.map(async (probe) => await probe.close())));
  return probes;
};
const at = (...addresses: readonly string[]) => ({ node: node({ addresses }) });

describe('what fping says', () => {
  it('is read for each host, with what was lost', () =>
    expect([
      ...readFping('10.0.0.5 : 0.41 - 0.38\n::1      : 0.02 0.03 0.04\n10.0.0.9 : - - -\nICMP Host Unreachable from x\n', 3),
    ]).toEqual([
      ['10.0.0.5', { sent: 3, timesMs: [0.41, 0.38] }],
      ['::1', { sent: 3, timesMs: [0.02, 0.03, 0.04] }],
      ['10.0.0.9', { sent: 3, timesMs: [] }],
    ]));
  it.each(['10.0.0.5 : 0.41', 'evil : 1 1 1', '10.0.0.5 : 1 2 x', '10.0.0.5'])('%j is no result of three packets', (line) =>
    expect([...readFping(line, 3)]).toEqual([]),
  );
});

it('without fping it is said that it is missing', async () =>
  expect(await whyOf(probesWith({ program: 'no-such-fping' }), 'ping', {})).toBe('the program no-such-fping is not installed'));

describe.skipIf(findSystemProgram('fping') === null)('ping (package fping)', () => {
  it('of IPv4 and IPv6 tells the time and that nothing was lost; afterwards nothing is open', async () => {
    const probes = probesWith({});
    const before = openThings();
    for (const address of ['127.0.0.1', '::1'])
      expect(await askOne(probes, 'ping', { count: 2 }, at(address))).toEqual({
        kind: 'number',
        number: expect.any(Number),
        also: 0,
      });
    await expect.poll(() => newlyOpen(before)).toEqual([]);
  });
  it('of many hosts that are asked for within a moment is one process', async () => {
    const daemons = new Daemons('fping');
    closers.push(async () => await daemons.stop());
    const program = daemons.write('fping', `#!/bin/sh\necho x >> ${daemons.dir}/runs\nexec fping "$@"\n`);
    chmodSync(program, 0o755);
    const probes = probesWith({ program, maxHosts: 400 });
    const hosts = Array.from({ length: 500 }, (_, n) => `127.0.${n >> 8}.${n & 255 || 1}`);
    const answers = await Promise.all(hosts.map(async (host) => await askOne(probes, 'ping', {}, at(host))));
    expect(answers.filter((answer) => answer.kind === 'number' && answer.also === 0)).toHaveLength(500);
    const { readFileSync } = await import('node:fs');
    // 400 in one, the rest in another; two of them are the same host.
    expect(readFileSync(`${daemons.dir}/runs`, 'utf8')).toBe('x\nx\n');
  });
  it('ends with the process when nobody wants the answer any more', async () => {
    const probes = probesWith({});
    const stop = new AbortController();
    // What ended just before is still counted for a moment.
    await expect.poll(() => openThings()['ProcessWrap'] ?? 0).toBe(0);
    const before = openThings();
    const run = ask(probes, 'ping', { count: 9, pauseMs: 5_000 }, { ...at('127.0.0.1'), signal: stop.signal });
    await expect.poll(() => newlyOpen(before).join(' ')).toContain('ProcessWrap');
    stop.abort();
    expect(await run).toEqual([{ item: '', value: { kind: 'failure', why: 'stopped' } }]);
    await expect.poll(() => newlyOpen(before)).toEqual([]);
  });
  it('is over at its deadline', async () => {
    const probes = probesWith({});
    const before = openThings();
    const late = { ...at('127.0.0.1'), deadlineMs: 300 };
    expect(await whyOf(probes, 'ping', { count: 9, pauseMs: 5_000 }, late)).toBe('ping of 127.0.0.1: no answer within 300 ms');
    await expect.poll(() => newlyOpen(before)).toEqual([]);
  });
  it('of a host that is silent has lost everything', async () => {
    // A network of its own, whose only other end swallows what it is sent.
    const daemons = new Daemons('silent');
    closers.push(async () => await daemons.stop());
    const inside =
      'ip link add d0 type veth peer name d1 && ip link set d1 up && ip addr add 10.98.76.1/24 dev d0 && ip link set d0 up && ip link set lo up && exec fping "$@"';
    const program = daemons.write('fping', `#!/bin/sh\nexec unshare -n sh -c '${inside}' sh "$@"\n`);
    chmodSync(program, 0o755);
    const probes = probesWith({ program });
    const [silent, alive] = await Promise.all([
      askOne(probes, 'ping', { count: 2, timeoutMs: 500 }, at('10.98.76.2')),
      askOne(probes, 'ping', { count: 2, timeoutMs: 20_000 }, at('10.98.76.1')),
    ]);
    expect(silent).toEqual({ kind: 'number', number: 500, also: 100 });
    expect(alive).toMatchObject({ also: 0 });
  });
});
