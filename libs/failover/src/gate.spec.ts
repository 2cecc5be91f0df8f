import { describe, expect, it } from 'vitest';
import { decide } from './decide.js';
import { lint } from './lint.js';
import { a, primary, record, seenByA, stopped } from './testing.js';

describe('S8: rows that a restart makes visible', () => {
  it('are shown to nobody before the VIP is off: PostgreSQL starts in place only then', () => {
    const crashed = seenByA({ postgres: stopped({ state: 'crashed-primary' }), vipHeld: true, peers: new Map() });
    expect(decide(crashed).actions).toContainEqual({ kind: 'vip.release' });
    expect(decide(crashed).actions).not.toContainEqual(expect.objectContaining({ kind: 'pg.startPrimary' }));
    const arriving = decide({ ...crashed, vipHeld: false, vipBusy: true });
    expect(arriving.actions).not.toContainEqual(expect.objectContaining({ kind: 'pg.startPrimary' }));
    expect(decide({ ...crashed, vipHeld: false }).actions).toContainEqual({ kind: 'pg.startPrimary', names: ['b'] });
  });

  it('keep the VIP and the manager’s side effects away until the whole sync set has them', () => {
    const gated = seenByA({ postgres: primary(), vipHeld: false, gated: true });
    expect(decide(gated).actions).toContainEqual({ kind: 'manager.mode', mode: 'gated' });
    expect(decide(gated).actions).not.toContainEqual({ kind: 'vip.hold' });
    expect(lint(gated, { kind: 'vip.hold' })).toMatch(/^S8/);
    const open = { ...gated, gated: false };
    expect(decide(open).actions).toContainEqual({ kind: 'manager.mode', mode: 'active' });
    expect(decide(open).actions).toContainEqual({ kind: 'vip.hold' });
  });

  it('hold nobody up where nobody else is in the sync set', () => {
    const alone = seenByA({
      record: record({ syncSet: [a] }),
      postgres: stopped({ state: 'crashed-primary' }),
      vipHeld: true,
      peers: new Map(),
    });
    expect(decide(alone).actions).toContainEqual({ kind: 'pg.startPrimary', names: [] });
  });
});
