import { BUILT_IN_ROLES, type RoleBody } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { Rights } from './rights.js';

const BODIES: Record<string, RoleBody> = {
  ...(BUILT_IN_ROLES as unknown as Record<string, RoleBody>),
  web: { name: 'Web', grants: { monitor: ['read', 'modify'], job: ['read'] }, reaches: [] },
  night: { name: 'Night', grants: { job: ['read', 'execute'] }, reaches: [{ owner: 'web', modes: ['read', 'execute'] }] },
  looker: { name: 'Looks', grants: { monitor: ['read'] }, reaches: [{ owner: '*', modes: ['read'] }] },
};
const of = (...roles: string[]) => new Rights(roles, (role) => BODIES[role]);

describe('rights', () => {
  it('are those of all roles together; a role that is not there gives and owns nothing', () => {
    const both = of('web', 'night', 'gone');
    expect([both.may('monitor', 'modify'), both.may('job', 'execute'), both.may('monitor', 'add')]).toEqual([true, true, false]);
    expect([both.reaches('gone', 'read'), both.may('event', 'read')]).toEqual([false, false]);
  });
  it('reach what the roles own, what is everybody’s, and what is said, in its modes', () => {
    const night = of('night');
    for (const mode of ['read', 'modify', 'execute'] as const) {
      expect(night.reaches('night', mode)).toBe(true);
      expect(night.reaches('ALL_USERS', mode)).toBe(true);
      expect(night.reaches('web', mode)).toBe(mode !== 'modify');
      expect(night.reaches('db', mode)).toBe(false);
    }
    expect([...night.owners('modify')!].sort()).toEqual(['ALL_USERS', 'night']);
    expect([...night.owners('read')!].sort()).toEqual(['ALL_USERS', 'night', 'web']);
    expect([of('looker').owners('read'), of('looker').owners('modify')?.length]).toEqual([null, 2]);
  });
  it('can be given by whoever has them all, and by nobody else', () => {
    expect(of('admin').covers(of('operator', 'web'))).toBe(true);
    expect(of('operator').covers(of('viewer'))).toBe(true);
    expect(of('operator').covers(of('admin'))).toBe(false);
    expect(of('viewer').covers(of('operator'))).toBe(false);
    expect(of('web', 'night').covers(of('night'))).toBe(true);
    // It has the functions, and is not in the role: what the role owns would be given away.
    expect(of('looker').covers(of('web'))).toBe(false);
    expect(new Rights(['x'], () => ({ ...BODIES['night']!, reaches: [] })).covers(of('night'))).toBe(false);
    expect(of('web', 'looker').covers(of('looker'))).toBe(true);
    expect(of('web').covers(of('looker'))).toBe(false);
  });
});
