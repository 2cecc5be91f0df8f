import { epoch } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import { decide } from './decide.js';
import { lint } from './lint.js';
import type { Observation } from './observation.js';
import { a, b, leading, primary, record, seenByB, standby, stopped } from './testing.js';

const promoting = (over: Partial<Observation> = {}): Observation =>
  seenByB({
    lead: leading,
    record: record({ epoch: epoch(6), owner: b, ownerBoot: 'boot-b', phase: 'promoting', syncSet: [b] }),
    postgres: standby({ receiver: 'cut' }),
    ...over,
  });
const hold = { kind: 'vip.hold' };
const kinds = (o: Observation): readonly string[] => decide(o).actions.map(({ kind }) => kind);

describe('the floating address, while the next Master is being promoted', () => {
  it('is taken beside the promotion, so that clients are answered', () => {
    expect(kinds(promoting()).filter((kind) => kind !== 'manager.mode')).toEqual(['pg.promote', 'vip.hold']);
    expect(lint(promoting(), { kind: 'vip.hold' })).toBeNull();
  });
  it('stays while it is', () => expect(kinds(promoting({ vipHeld: true }))).not.toContain('vip.release'));
  it('is not taken before the old owner is proven stopped', () => {
    const unproven = promoting({ record: { ...promoting().record, phase: 'stopping-old', proof: null } });
    expect(decide(unproven).actions).not.toContainEqual(hold);
    expect(lint(unproven, { kind: 'vip.hold' })).toMatch(/^S9/);
  });
  it('is not taken before the receiver is cut', () => {
    const streaming = promoting({ postgres: standby({ receiver: 'streaming' }) });
    expect(decide(streaming).actions).not.toContainEqual(hold);
    expect(lint(streaming, { kind: 'vip.hold' })).toMatch(/^S9/);
  });
  it('waits for the end where a commit will wait for a peer: what was written before may have to pass the gate', () => {
    const strict = promoting({ record: { ...promoting().record, syncSet: [a, b] } });
    expect(decide(strict).actions).not.toContainEqual(hold);
    expect(lint(strict, { kind: 'vip.hold' })).toMatch(/^S9/);
    expect(kinds({ ...strict, vipHeld: true })).toContain('vip.release');
  });
  it.each([
    ['stopped', stopped()],
    ['gone', { kind: 'empty' }],
    ['hung', { kind: 'hung', failures: 3, wasPrimary: false }],
  ] as const)('is let go when PostgreSQL is %s', (_, postgres) =>
    expect(kinds(promoting({ vipHeld: true, postgres }))).toContain('vip.release'),
  );
  it('is let go by whoever lost the lease', () =>
    expect(kinds(promoting({ vipHeld: true, lead: null }))).toContain('vip.release'));

  it('that was refused beside the promotion is asked for again as soon as PostgreSQL writes', () => {
    const { nowMs } = promoting();
    const writing = (failedMsAgo: number) =>
      promoting({
        postgres: primary({ names: [], peers: [] }),
        postgresSinceMs: nowMs - 50,
        failures: new Map([['vip.hold', { count: 1, atMs: nowMs - failedMsAgo, code: 'VIP_DUPLICATE' }]]),
      });
    expect(decide(writing(100)).actions).toContainEqual(hold);
    expect(decide(writing(20)).actions).not.toContainEqual(hold);
  });
});
