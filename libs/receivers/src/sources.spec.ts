import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SenderList } from './senders.js';
import { type GateOptions, NO_LIMITS, OTHERS, SourceGate } from './sources.js';

let nowMs = 0;
const gateOf = (change: GateOptions = {}) => new SourceGate({ nowMs: () => nowMs, ...change });
const rate = (messagesPerSecond: number, burst?: number) => ({ ...NO_LIMITS, messagesPerSecond, burst });
/** How many of so many messages at once are taken. */
const taken = (gate: SourceGate, address: string, messages: number) => {
  let count = 0;
  for (let at = 0; at < messages; at++) {
    const source = gate.of(address);
    if (source === null || !source.hasRoom) continue;
    source.took();
    count++;
  }
  return count;
};

describe('a list of senders', () => {
  const list = new SenderList(['10.1.0.0/16', '192.0.2.7', 'Log.Example.org', '*.dc1.example.org', '2001:db8::/32']);
  it.each([
    ['10.1.255.1', true],
    ['10.2.0.1', false],
    ['192.0.2.7', true],
    ['192.0.2.8', false],
    ['2001:db8::1', true],
    ['2001:db9::1', false],
  ])('has the address %s: %s', (address, holds) => expect(list.hasAddress(address)).toBe(holds));
  it.each([
    ['log.example.org', true],
    ['x.log.example.org', false],
    ['host.dc1.example.org', true],
    ['a.host.dc1.example.org', false],
    ['dc1.example.org', false],
  ])('has the name %s: %s', (name, holds) => expect(list.hasName(name)).toBe(holds));
  it('that is empty has everybody', () => {
    const open = new SenderList([]);
    expect([open.hasAddress('10.0.0.1'), open.hasName('x'), open.hasNames]).toEqual([true, true, false]);
  });
});

describe('the rate of a source', () => {
  it('is a burst, and then so many a second', () => {
    const gate = gateOf({ limits: rate(10, 30) });
    expect(taken(gate, '10.0.0.1', 100)).toBe(30);
    nowMs += 1_000;
    expect(taken(gate, '10.0.0.1', 100)).toBe(10);
    nowMs += 99;
    expect(taken(gate, '10.0.0.1', 100)).toBe(0);
    expect(gate.of('10.0.0.1')?.roomInMs).toBe(1);
    nowMs += 1;
    expect(taken(gate, '10.0.0.1', 100)).toBe(1);
    nowMs += 60_000;
    expect(taken(gate, '10.0.0.1', 100)).toBe(30);
  });
  it('is that of two seconds at once when nothing else is said', () =>
    expect(taken(gateOf({ limits: rate(10) }), '10.0.0.1', 100)).toBe(20));
  it('takes nothing from another source', () => {
    const gate = gateOf({ limits: rate(1) });
    taken(gate, '10.0.0.1', 100);
    expect(taken(gate, '10.0.0.2', 1)).toBe(1);
  });
  it('may be another one for a source that is named', () => {
    const gate = gateOf({ limits: rate(1), sources: new Map([['10.0.0.9', rate(0)]]) });
    expect([taken(gate, '10.0.0.9', 500), taken(gate, '10.0.0.1', 500)]).toEqual([500, 2]);
  });
  it('never gives more than the burst and what the time allows, however the messages come', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.integer({ min: 1, max: 1_000 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 200 }))),
        (perSecond, burst, steps) => {
          const gate = gateOf({ limits: rate(perSecond, burst) });
          const beganMs = nowMs;
          let total = 0;
          for (const [afterMs, messages] of steps) {
            nowMs += afterMs;
            total += taken(gate, 'x', messages);
          }
          return total <= burst + ((nowMs - beganMs) * perSecond) / 1_000 + 1e-6;
        },
      ),
    ));
});

describe('an address that is not on the list, from which a name may be shown', () => {
  const gate = gateOf({ allow: ['log1.example.org', '10.0.0.0/8'] });
  it('is let in by nothing else than the connection that shows it', () => {
    const source = gate.named('172.16.0.1');
    expect([gate.of('172.16.0.1'), gate.named('172.16.0.1') === source]).toEqual([null, true]);
    expect(gate.named('10.0.0.1')).toBe(gate.of('10.0.0.1'));
  });
  it('has one line of counts, whatever it was refused for', () => {
    gate.named('172.16.0.2').took();
    gate.refuse('172.16.0.2', 'not_allowed');
    gate.refuse('172.16.0.2', 'tls_handshake');
    expect(gate.report(9).filter(({ address }) => address === '172.16.0.2')).toMatchObject([
      { received: 1, refused: { not_allowed: 1, tls_handshake: 1 } },
    ]);
  });
});

describe('sources that are forged', () => {
  it('are told apart up to a bound; the rest shares one rate, and a named source keeps its own', () => {
    const gate = gateOf({ limits: rate(5, 5), sources: new Map([['10.9.9.9', rate(5, 5)]]), maxSources: 100 });
    for (let at = 0; at < 10_000; at++) taken(gate, `10.0.${at >> 8}.${at & 255}`, 1);
    expect(gate.report(20_000).length).toBe(101);
    expect(gate.report(2)).toMatchObject([
      { address: OTHERS, received: 5 },
      { address: '10.0.0.0', received: 1 },
    ]);
    expect(gate.of('172.16.0.1')?.address).toBe(OTHERS);
    expect(taken(gate, '10.9.9.9', 10)).toBe(5);
    expect(taken(gate, '172.16.0.1', 10)).toBe(0);
  });
  it('give way once they are silent, and their numbers stay in the sum', () => {
    const gate = gateOf({ maxSources: 10 });
    for (let at = 0; at < 10; at++) taken(gate, `10.0.0.${at}`, 2);
    const held = gate.of('10.0.0.3')!;
    gate.connect(held);
    for (let second = 0; second < 11; second++) {
      gate.tick();
      taken(gate, '10.0.0.1', 1);
    }
    expect(taken(gate, '10.7.7.7', 1)).toBe(1);
    const report = gate.report(100);
    expect(report.map(({ address }) => address).sort()).toEqual(['10.0.0.1', '10.0.0.3', '10.7.7.7', OTHERS]);
    expect(report.reduce((sum, { received }) => sum + received, 0)).toBe(20 + 11 + 1);
  });
  it('that are not allowed take nobody’s place', () => {
    const gate = gateOf({ allow: ['10.0.0.0/8'], maxSources: 5 });
    for (let at = 0; at < 5_000; at++) {
      const address = `172.16.${at >> 8}.${at & 255}`;
      expect(gate.of(address)).toBe(null);
      gate.refuse(address, 'not_allowed');
    }
    expect(taken(gate, '10.0.0.1', 1)).toBe(1);
    const report = gate.report(10_000);
    expect(report.length).toBe(1_002);
    expect(report[0]).toMatchObject({
      ...{ address: OTHERS, received: 0, connections: 0, slowed: 0 },
      refused: { not_allowed: 4_000 },
    });
    const news = gate.takeNews() ?? {};
    expect([Object.keys(news).length, news[`not_allowed ${OTHERS}`], gate.takeNews()]).toEqual([101, 4_900, null]);
  });

  it('has room for those of which most was refused, whoever sent more', () => {
    const gate = new SourceGate({ maxSources: 100 });
    for (let at = 0; at < 20; at++) gate.of(`10.0.0.${at}`)?.took(1_000 + at);
    gate.refuse('10.0.1.1', 'rate', 3);
    gate.refuse('10.0.1.2', 'malformed', 2);
    const { sources, leftOut } = gate.notable(6);
    expect(sources.map(({ address }) => address)).toEqual([
      ...['10.0.0.19', '10.0.0.18', '10.0.0.17', '10.0.0.16', '10.0.1.1', '10.0.1.2'],
    ]);
    expect([leftOut, Object.fromEntries(gate.refused)]).toEqual([16, { rate: 3, malformed: 2 }]);
  });
});
