import { describe, expect, it } from 'vitest';
import {
  backoffMs,
  type Hello,
  IDLE,
  LINK_TIMING,
  type LinkEffect,
  type LinkEvent,
  type LinkState,
  lostAtMs,
  step,
} from './reconnect.js';

const hello: Hello = { node: 'a', epoch: 6, mode: 'active' };

/** Plays events at given times; returns the last state and every effect with its time. */
function play(...events: readonly (readonly [number, LinkEvent])[]) {
  let state: LinkState = IDLE;
  const effects: (readonly [number, LinkEffect])[] = [];
  for (const [atMs, event] of events) {
    const taken = step(state, event, atMs);
    state = taken.state;
    for (const effect of taken.effects) effects.push([atMs, effect]);
  }
  return { state, effects };
}
const up = [
  [0, { kind: 'start' }],
  [10, { kind: 'opened' }],
  [20, { kind: 'hello', hello }],
] as const satisfies readonly (readonly [number, LinkEvent])[];
const kinds = (effects: readonly (readonly [number, LinkEffect])[]) => effects.filter(([, effect]) => effect !== 'close');

describe('a live connection', () => {
  it('is not lost before it was ever up', () => expect(lostAtMs(play([0, { kind: 'start' }]).state)).toBeNull());
  it('tries again 250 ms after it broke, and not earlier', () => {
    const { effects } = play(...up, [1_000, { kind: 'failed' }], [1_249, { kind: 'tick' }], [1_250, { kind: 'tick' }]);
    expect(kinds(effects)).toEqual([
      [0, 'open'],
      [1_250, 'open'],
    ]);
  });
  it('waits 250, 500, 1000, then always 2000 ms', () =>
    expect([0, 1, 2, 3, 4, 50].map(backoffMs)).toEqual([250, 500, 1_000, 2_000, 2_000, 2_000]));
  it('counts the loss from the first failure, through every attempt', () => {
    const { state } = play(
      ...up,
      [1_000, { kind: 'failed' }],
      [1_250, { kind: 'tick' }],
      [1_300, { kind: 'failed' }],
      [1_800, { kind: 'tick' }],
    );
    expect(state).toEqual({ kind: 'connecting', attempt: 2, sinceMs: 1_800, lostAtMs: 1_000 });
  });
  it('is found again only when a Master says hello, not when a socket opens', () => {
    const lost = [...up, [1_000, { kind: 'failed' }], [1_250, { kind: 'tick' }], [1_260, { kind: 'opened' }]] as const;
    expect(lostAtMs(play(...lost).state)).toBe(1_000);
    expect(lostAtMs(play(...lost, [1_270, { kind: 'hello', hello: { ...hello, node: 'b', epoch: 7 } }]).state)).toBeNull();
  });
  it('backs off further when connections open and break without a word', () => {
    const { state } = play(
      ...up,
      [1_000, { kind: 'failed' }],
      [1_250, { kind: 'tick' }],
      [1_260, { kind: 'opened' }],
      [1_270, { kind: 'failed' }],
    );
    expect(state).toMatchObject({ kind: 'waiting', attempt: 2, retryAtMs: 1_770 });
  });
  it('begins with the short wait again after a hello', () => {
    const { state } = play(
      ...up,
      [1_000, { kind: 'failed' }],
      [1_250, { kind: 'tick' }],
      [1_260, { kind: 'opened' }],
      [1_270, { kind: 'hello', hello }],
      [5_000, { kind: 'failed' }],
    );
    expect(state).toMatchObject({ kind: 'waiting', retryAtMs: 5_250, lostAtMs: 5_000 });
  });
  it('gives up an attempt that is not answered within its deadline', () => {
    const start = [0, { kind: 'start' }] as const;
    expect(play(start, [LINK_TIMING.connectDeadlineMs - 1, { kind: 'tick' }]).state.kind).toBe('connecting');
    expect(play(start, [LINK_TIMING.connectDeadlineMs, { kind: 'tick' }]).state.kind).toBe('waiting');
  });
  it('tries at once when the browser says that the network is back', () =>
    expect(kinds(play(...up, [1_000, { kind: 'failed' }], [1_010, { kind: 'nudge' }]).effects)).toContainEqual([1_010, 'open']));
  it('connects anew for another filter without calling it a loss', () => {
    const { state, effects } = play(...up, [500, { kind: 'restart' }]);
    expect(lostAtMs(state)).toBeNull();
    expect(effects.slice(-2)).toEqual([
      [500, 'close'],
      [500, 'open'],
    ]);
  });
  it('stops when the session is refused, and does not try again by itself', () => {
    const { state, effects } = play(
      ...up,
      [900, { kind: 'failed' }],
      [1_150, { kind: 'tick' }],
      [1_200, { kind: 'refused' }],
      [99_000, { kind: 'tick' }],
    );
    expect(state).toEqual({ kind: 'refused' });
    expect(effects.at(-1)).toEqual([1_200, 'close']);
  });
  it('ends at stop, whatever it was doing', () => {
    for (const event of [{ kind: 'tick' }, { kind: 'failed' }, { kind: 'refused' }] as const)
      expect(step(play(...up, [100, event]).state, { kind: 'stop' }, 200)).toEqual({ state: IDLE, effects: ['close'] });
  });
});

describe('a connection that fell silent', () => {
  const silent = [...up, [20 + LINK_TIMING.silenceMs, { kind: 'tick' }]] as const;
  it('is asked once who it is', () => {
    expect(kinds(play(...up, [19 + LINK_TIMING.silenceMs, { kind: 'tick' }]).effects)).toHaveLength(1);
    const { effects } = play(...silent, [100 + LINK_TIMING.silenceMs, { kind: 'tick' }]);
    expect(effects.filter(([, effect]) => effect === 'probe')).toHaveLength(1);
  });
  it('goes on when the same node in the same epoch answers', () =>
    expect(play(...silent, [4_200, { kind: 'probed', by: { node: 'a', epoch: 6 } }]).state).toMatchObject({
      kind: 'open',
      heardAtMs: 4_200,
      probeSinceMs: null,
    }));
  it.each([[{ node: 'b', epoch: 7 }], [{ node: 'a', epoch: 8 }], [null]])('is given up when %j answers', (by) =>
    expect(play(...silent, [4_200, { kind: 'probed', by }]).state).toMatchObject({ kind: 'waiting', lostAtMs: 4_200 }),
  );
  it('is given up when nobody answers within the deadline', () =>
    expect(play(...silent, [20 + LINK_TIMING.silenceMs + LINK_TIMING.probeDeadlineMs, { kind: 'tick' }]).state.kind).toBe(
      'waiting',
    ));
  it('is fine again when it speaks while being asked', () =>
    expect(play(...silent, [4_100, { kind: 'heard' }], [9_000, { kind: 'probed', by: null }]).state).toMatchObject({
      kind: 'open',
      heardAtMs: 4_100,
    }));
});
