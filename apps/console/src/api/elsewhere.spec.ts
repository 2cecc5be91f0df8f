import { describe, expect, it } from 'vitest';
import { Elsewhere, type Health, PATIENCE_MS, packed, unpacked } from './elsewhere.js';

const B = 'http://10.0.0.2:8080';

/** A page at node a's address, a clock, and what each address says. */
async function world(own: Health | null, other: Health | null, isLoggedIn = true) {
  const says: Record<string, Health | null> = { '': own, [B]: other };
  const gone: [string, string | null][] = [];
  const timers: (() => void)[] = [];
  let nowMs = 0;
  const page = new Elsewhere({
    health: async (origin) => says[origin] ?? null,
    pass: async () => 'a-pass',
    go: (origin, pass) => void gone.push([origin, pass]),
    every: (_, run) => {
      timers.push(run);
      return () => undefined;
    },
    nowMs: () => nowMs,
  });
  page.start(isLoggedIn);
  const settle = async () => {
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  };
  await settle();
  const after = async (ms: number) => {
    nowMs += ms;
    for (const run of timers) run();
    await settle();
  };
  return { page, says, gone, after };
}

const health = (mode: string, more: Partial<Health> = {}): Health => ({ mode, ready: true, others: [B], ...more });

describe('a page at the address of one node', () => {
  it('goes to the other one once that serves, with its pass, and only once', async () => {
    const { page, says, gone, after } = await world(health('active'), health('passive'));
    says[''] = null;
    page.here(false);
    await after(PATIENCE_MS);
    expect(gone).toEqual([]);
    says[B] = health('gated', { ready: false });
    await after(500);
    expect(gone).toEqual([]);
    says[B] = health('active');
    await after(500);
    await after(500);
    expect(gone).toEqual([[B, 'a-pass']]);
  });
  it.each([
    [PATIENCE_MS - 1, 0],
    [PATIENCE_MS, 1],
  ])('away for %d ms', async (ms, times) => {
    const { page, gone, after } = await world(health('active'), health('active'));
    page.here(false);
    await after(ms);
    expect(gone).toHaveLength(times);
  });
  it('stays where the connection comes back', async () => {
    const { page, gone, after } = await world(health('active'), health('active'));
    page.here(false);
    page.here(true);
    await after(10_000);
    expect(gone).toEqual([]);
  });
  it('stays where one address goes with the Master', async () => {
    const { page, gone, after } = await world(health('active', { others: [] }), health('active'));
    page.here(false);
    await after(10_000);
    expect(gone).toEqual([]);
  });
  it('of a Standby goes to the Master before anybody logs in', async () => {
    const { gone, after } = await world(health('passive'), health('active'), false);
    await after(PATIENCE_MS);
    expect(gone).toEqual([[B, null]]);
  });
});

describe('what goes along in the address', () => {
  it('comes out as it went in', () => {
    const luggage = { pass: 'x.y', drafts: { 'event.7': '途中まで # 100 %' } };
    expect(unpacked(packed(luggage))).toEqual(luggage);
  });
  it.each(['', '#content', '#yosugara=%7', '#yosugara=nothing'])('%s is none', (hash) => expect(unpacked(hash)).toBeNull());
  it('leaves out what is no text', () =>
    expect(unpacked(`#yosugara=${encodeURIComponent('{"pass":1,"drafts":{"a":{},"b":"c"}}')}`)).toEqual({
      pass: null,
      drafts: { b: 'c' },
    }));
});
