import { type Action, EMPTY_RECORD, type PostgresFacts } from '@yosugara/failover';
import { lsn, nodeId } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import { createController } from './state.js';
import { stepController } from './step.js';
import { settingsWith } from './testing/settings.js';
import { raftTimings } from './timings.js';

const [a, b] = [nodeId('a'), nodeId('b')];
const settings = settingsWith();
const members = [a, b].map((id) => ({ id, kind: 'data' as const, voter: true }));
const standby: PostgresFacts = {
  ...{ kind: 'standby', timeline: 1, systemId: '7', walEnd: lsn(900), replayLsn: lsn(900), receiver: 'cut', follows: null },
};
const primary: PostgresFacts = {
  ...{ kind: 'primary', timeline: 2, systemId: '7', walEnd: lsn(901), names: [], peers: [], forks: [], syncWaiters: 0 },
};

/** What the controller holds for true when that action has succeeded, and the newest look was this one. */
function heldAfter(action: Action, seen: PostgresFacts): PostgresFacts['kind'] {
  const config = { self: b, kind: 'data' as const, boot: 'boot', members, settings, raft: raftTimings(settings.timings) };
  const snapshot = { index: 40, term: 4, members, state: EMPTY_RECORD };
  const restored = { hardState: { term: 4, votedFor: null }, snapshot, entries: [], incarnation: 'old', boots: 1, written: 1 };
  const { state } = createController({ ...config, compactEvery: 1_000, trailing: 10 }, restored, 0, 1_700_000_000_000);
  const at = { nowMs: 500, wallMs: 1_700_000_000_500, random: 0.5 };
  stepController(state, { kind: 'tick', ...at });
  stepController(state, { kind: 'facts', facts: seen, ...at, nowMs: 510 });
  stepController(state, { kind: 'done', resource: 'postgres', action, result: { ok: true }, ...at, nowMs: 520 });
  return state.facts.kind;
}

describe('what was seen before a verb has changed the server', () => {
  const promote: Action = { kind: 'pg.promote', names: [], above: 1 };
  it('is not held for true behind it: the next look decides', () => {
    expect(heldAfter(promote, standby)).toBe('unknown');
    expect(heldAfter({ kind: 'pg.startStandby', follow: a }, standby)).toBe('unknown');
  });
  it('may be what it has made already: who sees a primary waits for no other look to open it', () =>
    expect(heldAfter(promote, primary)).toBe('primary'));
});
