import { readFileSync } from 'node:fs';
import { epoch, lsn, type NodeId } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import {
  type ClusterRecord,
  type Decision,
  EMPTY_RECORD,
  NEXT_ROLES,
  type NodeRole,
  type PostgresFacts,
  type Settings,
  TRANSITIONS,
} from './index.js';
import { isWhole, type Model, type ModelNode, modelNode, recoverAll, round, startMs } from './testing/model.js';
import { a, b, primary, record, seenByA, standby, stopped } from './testing.js';

/** What PostgreSQL of a node may be found to be, whatever the record says. */
const FOUND: Readonly<Record<string, PostgresFacts>> = {
  unknown: { kind: 'unknown' },
  empty: { kind: 'empty' },
  'a Master that stopped': stopped(),
  'a standby that stopped': stopped({ state: 'standby' }),
  'a Master that crashed': stopped({ state: 'crashed-primary' }),
  'an interrupted copy': stopped({ state: 'incomplete' }),
  'a foreign directory': stopped({ systemId: '8' }),
  starting: { kind: 'starting', progress: '' },
  'a standby of a': standby({ follows: a, receiver: 'connecting' }),
  'a standby of b': standby({ follows: b, receiver: 'connecting' }),
  'a standby that is cut': standby({ follows: null, receiver: 'cut' }),
  'a primary': primary({ names: [] }),
  'a hung primary': { kind: 'hung', failures: 3, wasPrimary: true },
  'a hung standby': { kind: 'hung', failures: 3, wasPrimary: false },
};
const FEW = ['empty', 'a Master that stopped', 'a Master that crashed', 'a standby of a', 'a standby that is cut', 'a primary'];

interface Variant {
  readonly settings?: Partial<Settings>;
  readonly record?: Partial<ClusterRecord>;
  readonly a?: Partial<ModelNode>;
  readonly b?: Partial<ModelNode>;
  readonly witnessUp?: boolean;
}
const WALL = 1_700_000_000_000 + 3_600_000;
const lineage = [{ timeline: 2, forkLsn: lsn(900), owner: b, epoch: epoch(4) }];
const away = (node: NodeId) => ({ node, requestId: 'm', untilWallMs: WALL, why: 'new disk' });
const VARIANTS: Readonly<Record<string, Variant>> = {
  'the Master’s controller restarted': { a: { boot: 'boot-a2' } },
  'the other node is down': { b: { up: false } },
  'the owner’s host is down': { a: { up: false } },
  'the arbiter is down': { witnessUp: false },
  'no majority': { witnessUp: false, b: { up: false } },
  'another timeline forked off': { record: { lineage } },
  'the owner may have promoted': { record: { opening: a } },
  'the policy is strict': { settings: { policy: 'strict' } },
  'nobody rejoins by itself': { settings: { autoRejoin: 'never' } },
  'the old Master waits for `recover`, and leads': {
    settings: { autoRejoin: 'never' },
    record: { automatic: true, cause: 'b lost its lease' },
    a: { boot: 'boot-a2' },
  },
  'everybody rejoins by itself': { settings: { autoRejoin: 'always' }, record: { lineage } },
  'the other node is of an older generation': { record: { generation: 2, generations: { a: 2, b: 1 } } },
  paused: { record: { pause: { requestId: 'p', untilWallMs: WALL, why: 'switch replaced' } } },
  'paused, and the owner’s host is down': {
    record: { pause: { requestId: 'p', untilWallMs: WALL, why: 'switch replaced' } },
    a: { up: false },
  },
  'the Master is in maintenance': { record: { maintenance: [away(a)] } },
  'the Standby is in maintenance': { record: { maintenance: [away(b)] } },
  'the Master is shut down': { a: { leaving: true } },
  'the Standby is shut down': { b: { leaving: true } },
  'the Master’s host is not well': { a: { unfit: 'the WAL volume is full' } },
  'the Standby’s host is not well': { b: { unfit: 'the WAL volume is full' } },
  'neither host is well': { a: { unfit: 'the WAL volume is full' }, b: { unfit: 'the WAL volume is full' } },
  'hooks are asked': { settings: { hooks: { beforePromotion: true, afterPromotion: true } } },
  'an operator promotes the node that is left': { a: { up: false }, b: { forced: true } },
  'take-overs are limited': {
    settings: { rateLimit: { max: 1, withinMs: 3_600_000 } },
    record: {
      history: [
        { epoch: epoch(5), owner: a, from: b, atWallMs: WALL - 3_600_000, cause: '', proof: null, timeline: 1, automatic: true },
      ],
    },
    a: { up: false },
  },
};

/** Every record that commands can make of an owner `a`, times who leads. */
function* records(): Generator<{ readonly record: ClusterRecord; readonly leader: NodeId | null; readonly named: string }> {
  for (const phase of ['stopping-old', 'promoting', 'serving'] as const)
    for (const syncSet of [[a], [a, b]])
      for (const released of [null, { epoch: epoch(5), by: a, walEnd: null }])
        for (const leader of [a, b, null])
          yield {
            record: record({ phase, syncSet, released }),
            leader,
            named: `${phase}, sync set ${syncSet}${released === null ? '' : ', released'}, led by ${leader}`,
          };
}

const changes = new Set<string>();
const committed = new Set<string>();
interface Run {
  readonly named: string;
  readonly said: ReadonlyMap<NodeId, Decision>;
  readonly model: Model;
}

const ROUNDS = 60;

/** Drives a picture to its end: whole again, or for as long as it takes to be sure that nothing moves any more. */
function drive(model: Model, named: string): Run {
  const roles = new Map<NodeId, NodeRole>();
  let said: ReadonlyMap<NodeId, Decision> = new Map();
  let still = 0;
  let before = '';
  for (let i = 0; i < ROUNDS && still < 9; i += 1) {
    said = round(model);
    for (const [node, { role, why, actions }] of said) {
      expect(why.length, `${named}: ${node} says nothing`).toBeGreaterThan(0);
      const was = roles.get(node);
      if (was !== undefined && was !== role) changes.add(`${was} → ${role}`);
      roles.set(node, role);
      for (const action of actions) if (action.kind === 'record.propose') committed.add(action.command.kind);
    }
    if (isWhole(model, said)) break;
    const asked = recoverAll(model, said);
    const servers = [...model.nodes.values()].map(({ postgres: p }) => `${p.kind} ${p.kind === 'standby' ? p.receiver : ''}`);
    const now = [...roles.values(), model.record.version, ...servers].join();
    still = !asked && now === before ? still + 1 : 0;
    before = now;
  }
  return { named, said, model };
}

function* pictures(variant: Variant, kinds: readonly string[]): Generator<Run> {
  const { settings } = seenByA();
  for (const first of kinds)
    for (const second of kinds)
      for (const from of records()) {
        const nodes = new Map([
          [a, modelNode(FOUND[first]!, { boot: 'boot-a', ...variant.a })],
          [b, modelNode(FOUND[second]!, { boot: 'boot-b', ...variant.b })],
        ]);
        const model: Model = {
          nowMs: startMs,
          record: { ...from.record, ...variant.record },
          leader: from.leader,
          witnessUp: variant.witnessUp ?? true,
          settings: { ...settings, ...variant.settings },
          nodes,
        };
        yield drive(model, `a: ${first}; b: ${second}; ${from.named}`);
      }
}

/** A human is told what to do, and it would be done: `recover` is refused as long as nobody serves. */
const asksSomebody = (run: Run): boolean =>
  [...run.said.values()].some(
    ({ role, needsRecover, why }) =>
      role === 'HALT' || (needsRecover && serves(run)) || /yosugara promote|only a human/.test(why),
  );
/** A wait whose end is outside: an operator's time, a host that gets well, a member that is heard again. */
const STATED =
  /is not heard|paused until|in maintenance until|being shut down|planned stop|cannot serve|automatic take-overs|strict/;
const states = ({ said }: Run): boolean => [...said.values()].some(({ why }) => STATED.test(why));
const serves = ({ said }: Run): boolean => [...said.values()].some(({ role }) => role.startsWith('MASTER_'));
const told = ({ named, said }: Run): string =>
  `${named} → ${[...said].map(([node, { role, why }]) => `${node} ${role} (${why})`).join('; ')}`;

describe('the table of transitions (L4)', () => {
  it('leads every picture of two healthy hosts to a Master in sync, or to a human who is told what to do', () => {
    const stuck: string[] = [];
    for (const run of pictures({}, Object.keys(FOUND)))
      if (!isWhole(run.model, run.said) && !asksSomebody(run)) stuck.push(told(run));
    expect(stuck.slice(0, 5)).toEqual([]);
  });

  it.each(Object.entries(VARIANTS))(
    'has no dead end while %s',
    (name, variant) => {
      const stuck: string[] = [];
      for (const run of pictures(variant, FEW)) {
        const ends = isWhole(run.model, run.said) || serves(run) || asksSomebody(run) || states(run);
        const quiet =
          name === 'no majority' && ![...run.model.nodes.values()].some((node) => node.up && node.postgres.kind === 'primary');
        if (name === 'no majority' ? !quiet : !ends) stuck.push(told(run));
      }
      expect(stuck.slice(0, 5)).toEqual([]);
    },
    60_000,
  );

  it('lets an operator end a double fault wherever the node that is left has data (T8)', () => {
    for (const run of pictures({ a: { up: false }, b: { forced: true } }, ['a Master that stopped', 'a standby that is cut']))
      if (run.model.record.opening !== a) expect(serves(run), told(run)).toBe(true);
  });

  it('leads a first start of two empty hosts to a Master in sync, whoever is elected', () => {
    for (const leader of [a, b, null]) {
      const nodes = new Map([a, b].map((node) => [node, modelNode({ kind: 'empty' }, { boot: `boot-${node}` })]));
      const { settings } = seenByA();
      const run = drive(
        { nowMs: startMs, record: EMPTY_RECORD, leader, witnessUp: true, settings, nodes },
        `first start, ${leader}`,
      );
      expect(isWhole(run.model, run.said), told(run)).toBe(true);
    }
  });

  it('knows every change of role that was seen on the way, and lists none that cannot be', () => {
    const listed = Object.entries(NEXT_ROLES).flatMap(([from, next]) => next.map((to) => `${from} → ${to}`));
    expect([...changes].filter((change) => !listed.includes(change)).sort()).toEqual([]);
    const outside = /FENCED|DR_ASYNC|WITNESS/;
    expect(listed.filter((change) => !changes.has(change) && !outside.test(change)).sort()).toEqual([]);
  });

  it('has no row that nothing goes through', () => {
    for (const { id, from, to } of TRANSITIONS)
      if (id !== 'T9')
        expect(
          from.some((role) => to.some((next) => changes.has(`${role} → ${next}`))),
          id,
        ).toBe(true);
  });

  it('names every command that was proposed on the way', () => {
    const named = new Set<string>(TRANSITIONS.flatMap(({ commands }) => [...commands]));
    expect([...committed].filter((kind) => !named.has(kind))).toEqual([]);
  });

  it('is the table of docs/architecture.md', () => {
    const page = readFileSync(new URL('../../../docs/architecture.md', import.meta.url), 'utf8');
    for (const { id, name, from, to, commands, why } of TRANSITIONS)
      expect(page).toContain(
        `| ${id} ${name} | ${from.join(', ')} | ${to.join(', ')} | ${commands.join(', ') || '–'} | ${why} |`,
      );
  });
});
