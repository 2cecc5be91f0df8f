import { EMPTY_RECORD, type PostgresFacts } from '@yosugara/failover';
import { epoch, lsn, nodeId } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import { createController } from './state.js';
import { stepController } from './step.js';
import { settingsWith } from './testing/settings.js';
import { raftTimings } from './timings.js';

const [a, b, w] = [nodeId('a'), nodeId('b'), nodeId('w')];
const settings = settingsWith({ stopProofs: ['P1'] });
const members = [a, b, w].map((id) => ({ id, kind: id === w ? ('witness' as const) : ('data' as const), voter: true }));
const serving = {
  ...{ ...EMPTY_RECORD, version: 9, epoch: epoch(5), owner: a, ownerBoot: 'x', phase: 'serving' as const, systemId: '7' },
  ...{ syncSet: [a, b], everSync: [a, b], generations: { a: 1, b: 1 } },
};
const switchover = { requestId: 'op1', to: b, epoch: epoch(5) };
const standby: PostgresFacts = {
  ...{ kind: 'standby', timeline: 1, systemId: '7', walEnd: lsn(900), replayLsn: lsn(900), receiver: 'connecting', follows: a },
};

/** Reports that the Standby sends when a look at its database ends, 10 ms after its last heartbeat. */
function toldBy(record: typeof serving | (Omit<typeof serving, 'switchover'> & { readonly switchover: typeof switchover })) {
  const config = { self: b, kind: 'data' as const, boot: 'boot', members, settings, raft: raftTimings(settings.timings) };
  const snapshot = { index: 40, term: 4, members, state: record };
  const restored = { hardState: { term: 4, votedFor: null }, snapshot, entries: [], incarnation: 'old', boots: 1, written: 1 };
  const { state } = createController({ ...config, compactEvery: 1_000, trailing: 10 }, restored, 0, 1_700_000_000_000);
  const at = { nowMs: 500, wallMs: 1_700_000_000_500, random: 0.5 };
  stepController(state, { kind: 'tick', ...at });
  const effects = stepController(state, { kind: 'facts', facts: standby, ...at, nowMs: 510 });
  return effects.flatMap((effect) => (effect.kind === 'send' && effect.message.k === 'report' ? [effect.to] : []));
}

describe('what a node sees of its database', () => {
  it('is told with the next heartbeat while all is calm', () => {
    expect(toldBy(serving)).toEqual([]);
  });

  it('is told at once in a planned change of Master: the old one waits for it with writes stopped', () => {
    expect(toldBy({ ...serving, switchover })).toEqual([a, w]);
  });

  it('waits for the heartbeat again when the change belonged to an epoch that is over', () => {
    expect(toldBy({ ...serving, switchover: { ...switchover, epoch: epoch(4) } })).toEqual([]);
  });
});
