import type { Action, PostgresFacts } from '@yosugara/failover';
import { lsn, nodeId } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import { stepController } from './step.js';
import { startedA } from './testing/single.js';

const [a, b] = [nodeId('a'), nodeId('b')];
const standby: PostgresFacts = {
  ...{ kind: 'standby', timeline: 1, systemId: '7', walEnd: lsn(900), replayLsn: lsn(900), receiver: 'cut', follows: null },
};
const primary: PostgresFacts = {
  ...{ kind: 'primary', timeline: 2, systemId: '7', walEnd: lsn(901), names: [], peers: [], forks: [], syncWaiters: 0 },
};

/** What the controller holds for true when that action has succeeded, and the newest look was this one. */
function heldAfter(action: Action, seen: PostgresFacts): PostgresFacts['kind'] {
  const state = startedA([a, b].map((id) => ({ id, kind: 'data', voter: true })));
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
    expect(heldAfter({ kind: 'pg.startStandby', follow: b }, standby)).toBe('unknown');
  });
  it('may be what it has made already: who sees a primary waits for no other look to open it', () =>
    expect(heldAfter(promote, primary)).toBe('primary'));
});
