import type { Restored } from '@yosugara/consensus';
import { type ClusterRecord, EMPTY_RECORD, type PostgresFacts } from '@yosugara/failover';
import { epoch, lsn, type NodeId, nodeId } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import { beginBranch } from './away.js';
import { reportOf } from './report.js';
import { type ControllerState, createController } from './state.js';
import { stepController } from './step.js';
import { settingsWith } from './testing/settings.js';
import { raftTimings } from './timings.js';
import type { ControllerConfig, ControllerEffect, NodeReport, OperatorRequest, Superseded } from './types.js';

const [a, b, w, d] = [nodeId('a'), nodeId('b'), nodeId('w'), nodeId('d')];
const WALL = 1_700_000_000_000;
const settings = settingsWith({ stopProofs: ['P1'], drNodes: [d] });
const members = [
  { id: a, kind: 'data' as const, voter: true },
  { id: b, kind: 'data' as const, voter: true },
  { id: w, kind: 'witness' as const, voter: true },
  { id: d, kind: 'data' as const, voter: false },
];
const config = (self: NodeId, superseded?: Superseded): ControllerConfig => ({
  ...{
    self,
    kind: self === w ? 'witness' : 'data',
    boot: `boot-${self}`,
    members,
    settings,
    raft: raftTimings(settings.timings),
  },
  ...{ compactEvery: 1_000, trailing: 10 },
  ...(superseded === undefined ? {} : { superseded }),
});
const record: ClusterRecord = {
  ...{ ...EMPTY_RECORD, version: 9, epoch: epoch(5), owner: a, ownerBoot: 'x', phase: 'serving', systemId: '7' },
  ...{ syncSet: [a, b], everSync: [a, b], generations: { a: 1, b: 1 } },
};
const restored = (over: Partial<Restored> = {}, at: ClusterRecord = record): Restored => ({
  hardState: { term: 4, votedFor: null },
  snapshot: { index: 40, term: 4, members, state: at },
  entries: [],
  ...{ incarnation: 'old', boots: 1, written: 1 },
  ...over,
});
const standby = (over: Partial<Extract<PostgresFacts, { kind: 'standby' }>> = {}): PostgresFacts => ({
  ...{ kind: 'standby', timeline: 1, systemId: '7', walEnd: lsn(900), replayLsn: lsn(900), receiver: 'connecting', follows: a },
  ...over,
});
const primary: PostgresFacts = {
  ...{ kind: 'primary', timeline: 1, systemId: '7', walEnd: lsn(1_000), names: [b], peers: [], forks: [], syncWaiters: 0 },
};

class One {
  nowMs = 0;
  readonly state: ControllerState;
  constructor(self: NodeId, from: Restored, superseded?: Superseded) {
    this.state = createController(config(self, superseded), from, 0, WALL).state;
  }
  pass(ms: number): ControllerEffect[] {
    const effects: ControllerEffect[] = [];
    for (const untilMs = this.nowMs + ms; this.nowMs < untilMs; ) {
      this.nowMs += 50;
      effects.push(...stepController(this.state, { kind: 'tick', nowMs: this.nowMs, wallMs: WALL + this.nowMs, random: 0.5 }));
    }
    return effects;
  }
  facts(facts: PostgresFacts): this {
    stepController(this.state, { kind: 'facts', facts, nowMs: this.nowMs });
    return this;
  }
  hear(from: NodeId, r: NodeReport): ControllerEffect[] {
    return stepController(this.state, { kind: 'message', from, message: { k: 'report', r }, nowMs: this.nowMs, random: 0.5 });
  }
  ask(request: OperatorRequest, id = 'op'): ControllerEffect[] {
    return stepController(this.state, { kind: 'operator', id, request, nowMs: this.nowMs });
  }
}
const reportOfA = (over: Partial<NodeReport> = {}): NodeReport => ({
  ...reportOf(new One(a, restored()).state),
  ...{ role: 'MASTER_SYNC', postgres: primary },
  ...over,
});
const asked = { kind: 'drPromote', node: d, evidence: 'hall 1 is under water', by: 'alice' } as const;
const answers = (effects: readonly ControllerEffect[]) =>
  effects.flatMap((effect) => (effect.kind === 'answer' ? [{ ok: effect.ok, message: effect.message }] : []));
const orders = (effects: readonly ControllerEffect[]) =>
  effects.flatMap((effect) => (effect.kind === 'branch' ? [effect.order] : []));

/** `d` has heard `a` as the Master, and then nobody for as long as a voter's promise lasts. */
const lonely = (at: ClusterRecord = record): One => {
  const one = new One(d, restored({}, at));
  one.facts(standby());
  one.hear(a, reportOfA());
  one.pass(settings.timings.leaseVoteMs + 100);
  return one;
};

describe('dr promote', () => {
  it.each<readonly [string, () => One, Partial<typeof asked>, RegExp]>([
    ['no word was given', lonely, { evidence: 'gone' as never }, /say how you know/],
    ['PostgreSQL was never copied', () => lonely().facts({ kind: 'empty' }), {}, /never copied/],
    [
      'a rewind was interrupted',
      () => lonely().facts({ kind: 'stopped', state: 'incomplete', timeline: 1, walEnd: lsn(1), systemId: '7' }),
      {},
      /interrupted copy or rewind/,
    ],
    ['the data is foreign', () => lonely().facts(standby({ systemId: '8' })), {}, /another database system \(8, not 7\)/],
    ['nothing was ever told to it', () => lonely({ ...record, systemId: null }), {}, /not been told yet of any Master/],
    [
      'the cluster is paused',
      () => lonely({ ...record, pause: { requestId: 'p', untilWallMs: WALL + 3_600_000, why: 'new switch' } }),
      {},
      /paused until .*new switch.*--override/,
    ],
    [
      'it is in maintenance',
      () => lonely({ ...record, maintenance: [{ node: d, requestId: 'm', untilWallMs: WALL + 3_600_000, why: 'disk' }] }),
      {},
      /in maintenance until .*disk.*--override/,
    ],
  ])('is refused when %s', (_, one, over, says) => {
    const effects = one().ask({ ...asked, ...over } as OperatorRequest);
    expect(answers(effects)).toEqual([{ ok: false, message: expect.stringMatching(says) }]);
    expect(orders(effects)).toEqual([]);
  });

  it('is refused while anybody of the other site is heard, and before it has listened long enough', () => {
    const one = lonely();
    one.hear(w, reportOfA({ node: w, role: 'WITNESS', postgres: { kind: 'unknown' } }));
    expect(answers(one.ask(asked))).toEqual([{ ok: false, message: expect.stringContaining('w of the other site is heard') }]);
    const young = new One(d, restored()).facts(standby());
    expect(answers(young.ask(asked))).toEqual([
      { ok: false, message: expect.stringMatching(/listened long enough.*ask again$/) },
    ]);
  });

  it('is refused right after this node stood still: it heard nobody, and that is no proof', () => {
    const one = lonely();
    one.hear(w, reportOfA({ node: w, role: 'WITNESS', postgres: { kind: 'unknown' } }));
    one.nowMs += settings.timings.leaseVoteMs + 100;
    expect(answers(one.ask(asked))).toEqual([
      { ok: false, message: expect.stringMatching(/stood still.*listened long enough.*ask again$/) },
    ]);
    one.pass(settings.timings.leaseVoteMs + 100);
    expect(answers(one.ask(asked))).toMatchObject([{ ok: true }]);
  });

  it('begins a log of its own, once: with the word, what has arrived and what is known to lack', () => {
    const one = lonely();
    const effects = one.ask(asked);
    expect(answers(effects)).toEqual([
      { ok: true, message: expect.stringMatching(/up to 0\/384; estimated loss at least 100 bytes of WAL, as of [34] s/) },
    ]);
    expect(orders(effects)).toMatchObject([
      {
        kind: 'lead',
        branch: 'd.2.boot-d',
        away: { by: 'alice', evidence: 'hall 1 is under water', received: 900, lostBytes: 100 },
      },
    ]);
    expect(answers(one.ask(asked, 'op2'))).toEqual([{ ok: false, message: expect.stringContaining('about to start again') }]);
  });

  it('goes on in spite of a pause when that is said', () => {
    const one = lonely({ ...record, pause: { requestId: 'p', untilWallMs: WALL + 3_600_000, why: 'new switch' } });
    expect(orders(one.ask({ ...asked, override: true }))).toHaveLength(1);
  });

  it('needs no running server: after its own restart it waits for a majority that never comes', () => {
    const one = lonely().facts({ kind: 'stopped', state: 'standby', timeline: 1, walEnd: lsn(900), systemId: '7' });
    expect(orders(one.ask(asked))).toHaveLength(1);
  });
});

/** The life after it, of the same node. */
function begun(): One {
  const [order] = orders(lonely().ask(asked));
  if (order?.kind !== 'lead') throw new Error('no order to lead');
  const entry = {
    index: 41,
    term: 4,
    payload: { kind: 'command' as const, command: { id: 'c', kind: 'leave', epoch: 5, node: b, why: '' } },
  };
  const snapshot = beginBranch(d, order.away, restored({ entries: [entry] }), 'new');
  return new One(d, { ...restored({ branch: order.branch, incarnation: 'new' }), snapshot });
}

describe('the log that another site began', () => {
  it('holds all that had arrived, committed or not, and one voter', () => {
    const { state } = begun();
    expect(state).toMatchObject({ branch: 'd.2.boot-d', appliedIndex: 41, record: { syncSet: [a], epoch: 107, generation: 1 } });
    expect(state.raft.members).toEqual([{ id: d, kind: 'data', voter: true, incarnation: 'new' }]);
  });

  it('starts the standby, and claims as soon as it runs, whoever is heard meanwhile', () => {
    const one = begun().facts({ kind: 'stopped', state: 'standby', timeline: 1, walEnd: lsn(900), systemId: '7' });
    const acts = one.pass(6_000).flatMap((effect) => (effect.kind === 'act' ? [effect.action.kind] : []));
    expect(acts).toContain('pg.startStandby');
    one.hear(a, reportOfA());
    one.facts(standby());
    one.pass(200);
    expect(one.state.record).toMatchObject({ owner: d, epoch: 207, generation: 2, syncSet: [d], confirmed: { of: a } });
    expect(one.state.record.confirmed?.evidence).toBe('alice declared the other site off: hall 1 is under water (request op)');
  });

  it('reads no message of the old one, and is read by nobody there', () => {
    const one = begun();
    one.pass(6_000);
    const { term } = one.state.raft;
    const append = { kind: 'append', term: 99, prevIndex: 0, prevTerm: 0, entries: [], commit: 0, nonce: 1 } as const;
    const old = { kind: 'message', from: a, nowMs: one.nowMs, random: 0.5 } as const;
    expect(stepController(one.state, { ...old, message: { k: 'raft', m: append } })).toEqual([]);
    expect(one.state.raft.term).toBe(term);
    const there = new One(a, restored());
    expect(stepController(there.state, { ...old, from: d, message: { k: 'raft', m: append, b: 'd.2.boot-d' } })).toEqual([]);
    expect(there.state.raft.term).toBe(4);
  });
});

describe('a node of the site that was given up', () => {
  const newer = reportOfA({ node: d, branch: 'd.2.boot-d', generation: 2, role: 'MASTER_SOLO' });
  const told = (effects: readonly ControllerEffect[]) =>
    effects.flatMap((effect) => (effect.kind === 'superseded' ? [effect.superseded] : []));
  const stopped: PostgresFacts = { kind: 'stopped', state: 'clean-primary', timeline: 1, walEnd: lsn(1_000), systemId: '7' };

  it('halts, remembers it, and passes it on', () => {
    const one = new One(a, restored()).facts(stopped);
    const by = { by: d, branch: 'd.2.boot-d', generation: 2 };
    expect(told(one.hear(d, newer))).toEqual([by]);
    expect(told(one.hear(d, newer))).toEqual([]);
    one.pass(100);
    expect(one.state.decision).toMatchObject({ role: 'HALT', needsRecover: true });
    const other = new One(b, restored());
    expect(told(other.hear(a, reportOf(one.state)))).toEqual([by]);
    const again = new One(a, restored(), by).facts(stopped);
    again.pass(100);
    expect(again.state.decision).toMatchObject({ role: 'HALT', needsRecover: true });
  });

  it('of equal generations the branch that an operator began lives on', () => {
    expect(told(new One(a, restored()).hear(d, { ...newer, generation: 1 }))).toHaveLength(1);
    expect(told(begun().hear(a, reportOfA()))).toEqual([]);
  });

  it('hands a recover to whoever leads the newer one', () => {
    const one = new One(a, restored()).facts(stopped);
    one.hear(d, newer);
    expect(one.ask({ kind: 'recover', node: a })).toContainEqual({
      ...{ kind: 'send', to: d },
      message: { k: 'request', id: 'op', request: { kind: 'recover', node: a } },
    });
  });

  it('begins anew on the newer log when it is told to, once what it ran has stopped', () => {
    const one = new One(a, restored()).facts(primary);
    const adopt = () =>
      orders(
        stepController(one.state, {
          ...{ kind: 'message', from: d, nowMs: one.nowMs, random: 0.5 },
          message: { k: 'adopt', branch: 'd.2.boot-d', generation: 2 },
        }),
      );
    expect(adopt()).toEqual([]);
    one.state.busy.clear();
    one.facts(stopped);
    one.state.busy.clear();
    expect(adopt()).toEqual([{ kind: 'join', branch: 'd.2.boot-d', by: d }]);
    expect(adopt()).toEqual([]);
  });
});

describe('the leader of the newer log', () => {
  const leads = (): One => {
    const one = begun().facts(standby());
    one.pass(6_000);
    one.state.record = { ...one.state.record, phase: 'serving' };
    return one;
  };
  const adopted = (effects: readonly ControllerEffect[]) =>
    effects.flatMap((effect) => (effect.kind === 'send' && effect.message.k === 'adopt' ? [effect.to] : []));

  it('takes an arbiter in at once, a data node only under an open recover, and neither as a member before it is on this log', () => {
    const one = leads();
    const heard = one.hear(w, reportOfA({ node: w, role: 'WITNESS', postgres: { kind: 'unknown' } }));
    heard.push(...one.hear(a, reportOfA({ role: 'HALT', needsRecover: true })));
    expect(adopted([...heard, ...one.pass(200)])).toEqual([w]);
    one.state.record = { ...one.state.record, recover: [{ node: a, requestId: 'o', state: 'open' }] };
    expect(adopted(one.pass(200))).toEqual([a]);
    expect(one.state.raft.members.map(({ id }) => id)).toEqual([d]);
  });

  it('gives votes to two at once, never to one alone', () => {
    const one = leads();
    const joined = { branch: 'd.2.boot-d', generation: 2 };
    const disk = { life: 'l', boots: 1, written: 1 };
    const says = (node: NodeId, over: Partial<NodeReport>) =>
      reportOfA({ node, ...joined, consensus: { incarnation: `i${node}`, disk, forgot: [] }, ...over });
    for (let i = 0; i < 40; i += 1) {
      one.hear(w, says(w, { role: 'WITNESS', postgres: { kind: 'unknown' } }));
      one.pass(50);
    }
    expect(one.state.raft.members).toMatchObject([
      { id: d, voter: true },
      { id: w, voter: false, incarnation: 'iw' },
    ]);
    for (let i = 0; i < 40; i += 1) {
      one.hear(w, says(w, { role: 'WITNESS', postgres: { kind: 'unknown' } }));
      one.hear(a, says(a, { role: 'STANDBY_CATCHUP', postgres: standby({ receiver: 'streaming', follows: d }) }));
      one.pass(50);
      // They follow.
      for (const peer of Object.values(one.state.raft.lead?.peers ?? {})) peer.match = one.state.raft.commit;
    }
    expect(one.state.raft.members.filter(({ voter }) => voter).length).toBeGreaterThan(1);
  });
});
