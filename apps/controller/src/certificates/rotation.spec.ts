import type { MemberCertificates } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { type Asked, type RotationWish, rotationStep } from './rotation.js';

const [OLD, NEW] = ['0'.repeat(64), '1'.repeat(64)] as const;
const seen = (sha256: string) => ({
  sha256,
  subject: 'CN=x',
  from: '2026-01-01T00:00:00.000Z',
  until: '2027-01-01T00:00:00.000Z',
});
interface Facts {
  readonly trusts: readonly string[];
  readonly issuer: string;
  readonly signs: string | null;
  readonly next: string | null;
  readonly agents: MemberCertificates['agents'];
}
const state = (member: string, { trusts, issuer, signs, next, agents }: Facts): MemberCertificates => ({
  ...{ member, signs, next, agents, revoked: [], trouble: null },
  certificate: { ...seen('2'.repeat(64)), issuer },
  authorities: trusts.map(seen),
});
const BEFORE: Facts = { trusts: [OLD], issuer: OLD, signs: null, next: null, agents: null };
const AGENTS = { authorities: [OLD, NEW], behind: 0, some: [] };

/** All three as they were before, but for what is said of each. */
function cluster(change: Partial<Record<'a' | 'b' | 'w', Partial<Facts> | 'silent'>> = {}): readonly Asked[] {
  return (['a', 'b', 'w'] as const).map((id) => {
    const of = change[id];
    const kind = id === 'w' ? 'witness' : 'data';
    return { id, kind, state: of === 'silent' ? null : state(id, { ...BEFORE, ...of }) };
  });
}
const step = (members: readonly Asked[], wish: Partial<RotationWish> = {}, self = 'a') =>
  rotationStep(self, members, { begin: false, leaveAgents: false, ...wish });
const MADE = { next: NEW } as const;
const BOTH = { next: NEW, trusts: [OLD, NEW] } as const;
const ISSUED = { signs: NEW, trusts: [NEW, OLD], issuer: NEW } as const;

describe('replacing the authority', () => {
  it('makes one when that is wanted, and nothing without', () => {
    expect(step(cluster(), { begin: true })).toEqual({ kind: 'make' });
    expect(step(cluster())).toEqual({ kind: 'done' });
  });
  it('gives its key to the other data node first, so that either can go on', () =>
    expect(step(cluster({ a: MADE }))).toEqual({ kind: 'hold', members: ['b'] }));
  it('has all trust both before anything is signed by it', () => {
    expect(step(cluster({ a: MADE, b: MADE }))).toEqual({ kind: 'trust', members: ['a', 'b', 'w'] });
    expect(step(cluster({ a: BOTH, b: BOTH }))).toEqual({ kind: 'trust', members: ['w'] });
  });
  const trusted = (agents: Facts['agents']) => cluster({ a: BOTH, b: { ...BOTH, agents }, w: { trusts: [OLD, NEW] } });
  it('waits for agents, for those that were not told and for those that have not answered, unless they are left behind', () => {
    expect(step(trusted(null)).kind).toBe('wait');
    expect(step(trusted({ ...AGENTS, authorities: [OLD] })).kind).toBe('wait');
    expect(step(trusted({ ...AGENTS, behind: 2, some: ['web1', 'web2'] }))).toMatchObject({
      kind: 'wait',
      why: expect.stringContaining('web1, web2'),
    });
    expect(step(trusted({ ...AGENTS, behind: 2, some: [] }), { leaveAgents: true }).kind).toBe('issue');
  });
  it('issues at all others first, then here', () => {
    expect(step(trusted(AGENTS))).toEqual({ kind: 'issue', members: ['b', 'w'] });
    const others = { b: { ...ISSUED, agents: AGENTS }, w: { ...ISSUED, signs: null } };
    expect(step(cluster({ a: BOTH, ...others }))).toEqual({ kind: 'issue', members: ['a'] });
  });
  it('drops the old one when nobody shows a certificate of it', () => {
    const all = { a: ISSUED, b: ISSUED, w: { ...ISSUED, signs: null } };
    expect(step(cluster(all))).toEqual({ kind: 'drop', members: ['a', 'b', 'w'] });
    expect(step(cluster({ ...all, w: { trusts: [NEW], issuer: NEW } }))).toEqual({ kind: 'drop', members: ['a', 'b'] });
    const only = { trusts: [NEW], issuer: NEW };
    expect(step(cluster({ a: { ...only, signs: NEW }, b: { ...only, signs: NEW }, w: only }))).toEqual({ kind: 'done' });
  });
  it('does not go on at any step while a member says nothing', () => {
    for (const a of [{}, MADE, BOTH, ISSUED])
      expect(step(cluster({ a, w: 'silent' }), { begin: true, leaveAgents: true })).toMatchObject({
        kind: 'refused',
        why: expect.stringContaining('w did not answer'),
      });
  });
  it('is gone on with by the other data node once it has the key, and by nobody who does not', () => {
    expect(step(cluster({ a: BOTH, b: BOTH, w: { trusts: [OLD, NEW] } }), { leaveAgents: true }, 'b').kind).toBe('issue');
    expect(step(cluster({ a: MADE }), { begin: true }, 'b')).toMatchObject({
      kind: 'refused',
      why: expect.stringContaining('go on there'),
    });
    expect(step(cluster({ a: MADE }), {}, 'w')).toMatchObject({ kind: 'refused' });
  });
  it('goes on here after the other one issued to itself and ended', () =>
    expect(step(cluster({ a: BOTH, b: ISSUED, w: { ...ISSUED, signs: null } }), { leaveAgents: true }, 'b')).toEqual({
      kind: 'issue',
      members: ['a'],
    }));
});
