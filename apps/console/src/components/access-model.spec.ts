import type { UserView } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { auditFilterOf, auditQuery, detailText, granted, grantedAll, marksOf, userChange } from './access-model.js';

const user = (change: Partial<UserView> = {}): UserView => ({
  ...{
    id: 7,
    login: 'eva',
    revision: 3,
    name: 'Eva',
    mail: '',
    roles: ['operator', 'web'],
    enabled: true,
    language: '',
    timeZone: '',
  },
  ...{ source: 'local', mustChange: false, totp: false, lockedUntil: null, lastLoginAt: null, createdAt: '2026-11-01T00:00:00Z' },
  ...change,
});

describe('the rights of a role', () => {
  it('are in the order of the protocol, and nothing is there for what nothing was granted', () => {
    const grants = granted(granted({}, 'job', 'execute', true), 'event', 'read', true);
    expect(JSON.stringify(grants)).toBe('{"event":["read"],"job":["read","execute"]}');
    expect(granted({ event: ['read'] }, 'event', 'read', false)).toEqual({});
  });
  it('are never to change what cannot be seen', () => {
    expect(granted({}, 'monitor', 'modify', true)).toEqual({ monitor: ['read', 'modify'] });
    expect(granted({ monitor: ['read', 'modify'] }, 'monitor', 'read', false)).toEqual({});
  });
  it('are given and taken all at once', () => {
    expect(grantedAll({}, 'audit', true)).toEqual({ audit: ['read'] });
    expect(grantedAll({ audit: ['read'] }, 'audit', false)).toEqual({});
  });
});

describe('the change of a user', () => {
  it('is what differs, whatever the order of the roles', () => {
    expect(userChange(user(), { name: 'Eva', roles: ['web', 'operator'] })).toBeNull();
    expect(userChange(user(), { name: 'Eve', roles: ['web'], enabled: false })).toEqual({
      name: 'Eve',
      roles: ['web'],
      enabled: false,
    });
  });
});

it('what is notable of a user is told; a lock that is over is none', () => {
  const nowMs = Date.parse('2026-11-22T00:00:00Z');
  expect(marksOf(user({ enabled: false, lockedUntil: '2026-11-22T00:01:00Z', totp: true }), nowMs)).toEqual([
    'disabled',
    'locked',
    'totp',
  ]);
  expect(marksOf(user({ lockedUntil: '2026-11-21T23:59:00Z', mustChange: true }), nowMs)).toEqual(['mustChange']);
});

describe('the filter of the audit log', () => {
  it('is what the address says, as far as it makes sense', () =>
    expect(auditFilterOf(new URLSearchParams('who=eva&done=maybe&after=7&what=setting.'))).toEqual({
      who: 'eva',
      what: 'setting.',
    }));
  it('asks for times in UTC, and not for what is no time', () => {
    const query = new URLSearchParams(auditQuery({ from: '2026-11-22T00:00:00Z', to: 'soon', who: 'a&b' }, { limit: '100' }));
    expect(Object.fromEntries(query)).toEqual({ limit: '100', from: '2026-11-22T00:00:00.000Z', who: 'a&b' });
  });
});

it('the detail of an entry is one line', () => {
  expect(detailText({ kind: 'monitor', by: null, numbers: [1, 2], empty: [] })).toBe('kind: monitor, numbers: [1,2]');
  expect([detailText(null), detailText('x')]).toEqual(['', 'x']);
});
