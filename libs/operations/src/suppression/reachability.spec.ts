import type { Priority } from '@yosugara/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Result } from '../monitors/index.js';
import type { Paths } from './paths.js';
import { type Probed, Reachability, type ReachabilityLimits, type ReachabilityState } from './reachability.js';

const LIMITS: ReachabilityLimits = { holdMs: 90_000, settleMs: 30_000, mostHeld: 100 };

const result = (facility: string, monitor: string, priority: Priority, atMs: number): Result => ({
  ...{
    id: `${monitor}/${facility}/${atMs}`,
    trigger: 'monitor',
    plugin: 'ping',
    monitor,
    facility,
    sender: null,
    item: '',
    sub: '',
  },
  ...{ priority, application: '', message: '', original: '', atMs, notifications: [] },
});

/** A network, its clock in seconds, and what was told. */
class Net {
  reachability: Reachability;
  readonly told: string[] = [];
  readonly marked: string[] = [];
  readonly rows = new Map<string, ReachabilityState>();
  nextMs: number | null = null;
  readonly #paths: Paths;
  readonly #limits: ReachabilityLimits;

  constructor(behind: Readonly<Record<string, readonly string[]>>, limits = LIMITS, unwatched: readonly string[] = []) {
    this.#limits = limits;
    this.#paths = { behind: (node) => behind[node] ?? [], isWatched: (node) => !unwatched.includes(node) };
    this.reachability = new Reachability(limits);
  }

  probe(second: number, ...found: readonly Probed[]): void {
    const { pass, suppressed, memory, nextMs } = this.reachability.step(found, this.#paths, second * 1_000);
    this.nextMs = nextMs;
    for (const { facility, monitor, priority, atMs } of pass)
      this.told.push(`${second}: ${facility} ${monitor} ${priority} of ${atMs / 1_000}`);
    for (const {
      result: { facility, monitor, atMs },
      by,
    } of suppressed)
      this.marked.push(`${second}: ${facility} ${monitor} of ${atMs / 1_000} by ${by.join(' ')}`);
    for (const { key, state } of memory)
      if (state === null) this.rows.delete(key);
      else this.rows.set(key, state);
  }

  /** Ping: marked as reachability. */
  silent(second: number, ...nodes: readonly string[]): void {
    this.probe(
      second,
      ...nodes.map((node) => ({ result: result(node, 'ping', 'critical', second * 1_000), reachability: true, silent: true })),
    );
  }
  answers(second: number, ...nodes: readonly string[]): void {
    this.probe(
      second,
      ...nodes.map((node) => ({ result: result(node, 'ping', 'info', second * 1_000), reachability: true, silent: false })),
    );
  }
  /** HTTP: not marked. */
  http(second: number, node: string, priority: Priority, silent = priority === 'unknown'): void {
    this.probe(second, { result: result(node, 'http', priority, second * 1_000), reachability: false, silent });
  }
  /** The other node goes on with what was stored. */
  takeOver(): void {
    this.reachability = new Reachability(this.#limits, this.rows.values());
  }
}
const network = { web: ['switch'], db: ['switch'], switch: ['core'] };

describe('a host behind a switch that is down', () => {
  it('is suppressed, whoever was probed first', () => {
    const [late, early] = [new Net(network), new Net(network)];
    late.silent(10, 'web');
    late.answers(11, 'core');
    late.silent(40, 'switch');
    late.answers(41, 'core');
    expect(late.marked).toContain('40: web ping of 10 by switch');
    early.silent(10, 'switch');
    early.answers(11, 'core');
    early.silent(40, 'web');
    expect(early.marked).toEqual(['40: web ping of 40 by switch']);
    for (const { told } of [late, early]) expect(told.filter((line) => line.includes('web'))).toEqual([]);
  });
  it('while the switch itself is told, once its own way was heard of', () => {
    const net = new Net(network);
    net.silent(10, 'switch');
    expect(net.told).toEqual([]);
    net.answers(30, 'core');
    expect(net.told).toEqual(['30: core ping info of 30', '30: switch ping critical of 10']);
  });
  it('by all its monitors, also those that say nothing of reachability', () => {
    const net = new Net(network);
    net.silent(10, 'switch');
    net.http(20, 'web', 'unknown');
    expect(net.marked).toEqual(['20: web http of 20 by switch']);
  });
  it('only when it is silent: what answers, and what came by itself, is told at once', () => {
    const net = new Net(network);
    net.silent(10, 'switch');
    net.http(20, 'web', 'warning');
    net.http(21, 'db', 'critical', false);
    expect(net.told).toEqual(['20: web http warning of 20', '21: db http critical of 21']);
  });
  it('a switch that answers slowly is not down', () => {
    const net = new Net({ web: ['switch'] });
    net.http(5, 'web', 'unknown');
    net.probe(10, { result: result('switch', 'ping', 'critical', 10_000), reachability: true, silent: false });
    expect(net.told).toEqual(['10: switch ping critical of 10', '10: web http unknown of 5']);
  });
  it('names the one where somebody has to go: down, and behind none that is', () => {
    const net = new Net(network);
    net.silent(10, 'switch');
    net.silent(11, 'core');
    net.silent(20, 'web');
    expect(net.marked).toEqual(['11: switch ping of 10 by core', '20: web ping of 20 by core']);
    expect(net.told).toEqual(['11: core ping critical of 11']);
  });
  it('also when the switch between was not probed yet', () => {
    const net = new Net(network);
    net.silent(10, 'core');
    net.silent(11, 'web');
    expect(net.marked).toEqual(['11: web ping of 11 by core']);
  });
});

describe('a host with trouble of its own', () => {
  it('is told as soon as each node on its way was heard of after it', () => {
    const net = new Net(network);
    net.answers(5, 'switch', 'core');
    net.silent(10, 'web');
    net.answers(20, 'core');
    expect(net.told).not.toContain('20: web ping critical of 10');
    net.answers(35, 'switch');
    expect(net.told).toContain('35: web ping critical of 10');
  });
  it('is told when nothing was heard of them in time: late, and not never', () => {
    const net = new Net(network);
    net.silent(10, 'web');
    expect(net.nextMs).toBe(100_000);
    net.probe(99);
    expect(net.told).toEqual([]);
    net.probe(100);
    expect(net.told).toEqual(['100: web ping critical of 10']);
    expect([net.nextMs, net.reachability.held]).toEqual([null, 0]);
  });
  it('is told at once when it lies behind nothing, or behind what nobody looks at', () => {
    const net = new Net({ web: ['hub'] }, LIMITS, ['hub']);
    net.silent(10, 'web', 'alone');
    expect(net.told).toEqual(['10: alone ping critical of 10', '10: web ping critical of 10']);
  });
  it('what it says later of the same thing does not overtake it', () => {
    const net = new Net(network);
    net.http(10, 'web', 'unknown');
    net.http(20, 'web', 'info');
    expect(net.told).toEqual(['20: web http unknown of 10', '20: web http info of 20']);
  });
  it('several of them keep their order', () => {
    const net = new Net(network);
    net.http(10, 'web', 'unknown');
    net.http(70, 'web', 'unknown');
    net.answers(71, 'switch', 'core');
    expect(net.told.slice(2)).toEqual(['71: web http unknown of 10', '71: web http unknown of 70']);
  });
});

describe('a host with two ways', () => {
  const two = { web: ['left', 'right'], left: ['core'], right: ['core'] };
  it('is reached while one is there', () => {
    const net = new Net(two);
    net.answers(5, 'core');
    net.silent(10, 'left');
    net.silent(20, 'web');
    net.answers(30, 'right', 'core');
    expect(net.told).toContain('30: web ping critical of 20');
    expect(net.marked).toEqual([]);
  });
  it('is suppressed when none is, and both are named', () => {
    const net = new Net(two);
    net.silent(10, 'left', 'right');
    net.answers(11, 'core');
    net.silent(20, 'web');
    expect(net.marked).toEqual(['20: web ping of 20 by left right']);
  });
});

describe('settings that lead in a circle', () => {
  const circle = { a: ['b'], b: ['a'], web: ['a'] };
  it('keep nobody back for good', () => {
    const net = new Net(circle);
    net.http(10, 'web', 'unknown');
    net.probe(100);
    expect(net.told).toEqual(['100: web http unknown of 10']);
  });
  it('a node on it that is down keeps what is behind it quiet', () => {
    const net = new Net(circle);
    net.silent(10, 'a');
    net.http(20, 'web', 'unknown');
    expect(net.marked.at(-1)).toMatch(/^20: web http of 20 by /);
  });
});

describe('after a switch came back', () => {
  it('silence behind it is forgiven for a while, and no longer', () => {
    const net = new Net({ web: ['switch'] });
    net.silent(10, 'switch');
    net.answers(60, 'switch');
    net.silent(70, 'web');
    expect(net.marked).toEqual(['70: web ping of 70 by switch']);
    net.silent(130, 'web');
    net.answers(131, 'switch');
    expect(net.told).toContain('131: web ping critical of 130');
  });
  it('a monitor that is no more keeps nobody down', () => {
    const net = new Net({ web: ['switch'] });
    net.silent(10, 'switch');
    expect(net.reachability.retain(() => true)).toEqual([]);
    expect(net.reachability.retain(() => false)).toEqual([{ key: 'down switch ping', state: null }]);
    net.silent(20, 'web');
    net.answers(25, 'switch');
    expect(net.told).toContain('25: web ping critical of 20');
  });
});

describe('across a take-over', () => {
  it('what was held is still held, until the same time', () => {
    const net = new Net(network);
    net.silent(10, 'web');
    net.takeOver();
    expect(net.reachability.held).toBe(1);
    net.probe(99);
    expect(net.told).toEqual([]);
    net.probe(100);
    expect(net.told).toEqual(['100: web ping critical of 10']);
    expect([...net.rows.keys()]).toEqual(['down web ping']);
  });
  it('who was down is still down', () => {
    const net = new Net({ web: ['switch'] });
    net.silent(10, 'switch');
    net.takeOver();
    net.silent(20, 'web');
    expect(net.marked).toEqual(['20: web ping of 20 by switch']);
    net.answers(60, 'switch');
    net.takeOver();
    expect(net.rows.has('down switch ping')).toBe(true);
    net.probe(90);
    expect(net.rows.has('down switch ping')).toBe(false);
  });
});

it('beyond what may be held it is told at once', () => {
  const net = new Net(network, { ...LIMITS, mostHeld: 1 });
  net.http(10, 'web', 'unknown');
  net.http(10, 'db', 'unknown');
  expect(net.told).toEqual(['10: db http unknown of 10']);
});

/** Each of the nodes is probed once a minute, at a second of its own; from minute 1 on some do not answer. */
const worlds = fc.record({
  behind: fc.array(fc.array(fc.nat({ max: 5 }), { maxLength: 2 }), { minLength: 6, maxLength: 6 }),
  dead: fc.subarray([0, 1, 2, 3, 4, 5]),
  second: fc.array(fc.nat({ max: 59 }), { minLength: 6, maxLength: 6 }),
  crashes: fc.array(fc.nat({ max: 299 }), { maxLength: 3 }),
});

it('in any network, in any order of probing and with take-overs: who is cut off is never told, who is dead by itself always is, and nothing is held for good', () =>
  fc.assert(
    fc.property(worlds, ({ behind, dead, second, crashes }) => {
      // Towards lower numbers only: no circles.
      const ways = behind.map((list, node) => [...new Set(list.filter((other) => other < node))]);
      const reached = ways.map(() => true);
      for (const [node, list] of ways.entries())
        reached[node] = list.length === 0 || list.some((other) => reached[other] === true && !dead.includes(other));
      const net = new Net(Object.fromEntries(ways.map((list, node) => [`n${node}`, list.map((other) => `n${other}`)])));
      for (let now = 0; now < 300; now++) {
        if (crashes.includes(now)) net.takeOver();
        const due = ways.flatMap((_, node) => (second[node] === now % 60 ? [node] : []));
        const isUp = (node: number) => now < 60 || (reached[node] === true && !dead.includes(node));
        net.probe(
          now,
          ...due.map((node): Probed => {
            const up = isUp(node);
            return { result: result(`n${node}`, 'ping', up ? 'info' : 'critical', now * 1_000), reachability: true, silent: !up };
          }),
        );
      }
      for (const node of ways.keys()) {
        const told = net.told.filter((line) => line.includes(`n${node} ping critical`));
        const marked = net.marked.filter((line) => line.includes(`n${node} ping`));
        const blocked = reached[node] === false;
        if (blocked) expect(marked.length, `n${node} is marked`).toBeGreaterThan(0);
        if (blocked) expect(told, `n${node} is not told`).toEqual([]);
        if (!blocked && dead.includes(node)) expect(told.length, `n${node} is told`).toBeGreaterThan(0);
        if (!blocked) expect(marked, `n${node} is not marked`).toEqual([]);
      }
    }),
    { numRuns: 200 },
  ));
