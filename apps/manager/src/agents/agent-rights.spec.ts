import type { RoleBody } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { Rights } from '../access/rights.js';
import { AgentRights } from './agent-rights.js';

const OWNERS: Readonly<Record<string, string>> = { 'node/db1': 'db', 'node/web1': 'web', 'scope/dbs': 'db', 'scope/webs': 'web' };
const snapshot = {
  get: (kind: string, id: string) => {
    const ownerRole = OWNERS[`${kind}/${id}`];
    return ownerRole === undefined ? undefined : { ownerRole };
  },
};
const of = (role: string, reaches: RoleBody['reaches'] = []) => {
  const body = { name: role, grants: { agent: ['read', 'add', 'modify'] }, reaches } as unknown as RoleBody;
  return new AgentRights({ login: 'somebody', rights: new Rights([role], () => body) }, { snapshot } as never);
};
const web = of('web');
const reader = of('reader', [{ owner: 'db', modes: ['read'] }]);
const all = of('admin', [{ owner: '*', modes: ['read', 'modify', 'execute'] }]);
const told = (work: () => void) => {
  try {
    work();
    return 'done';
  } catch (error) {
    return (error as { status?: number }).status;
  }
};

describe('an agent', () => {
  it('is its node’s owner’s; one without a node is of whoever reaches everything', () => {
    expect(['db1', 'web1', 'gone'].map((id) => web.seesAgent(id))).toEqual([false, true, false]);
    expect(['db1', 'web1', 'gone'].map((id) => all.seesAgent(id))).toEqual([true, true, true]);
  });
  it('is not there for whoever may not see it, and not revoked by whoever may only see it', () => {
    expect(told(() => web.demandAgent('db1'))).toBe(404);
    expect(told(() => reader.demandAgent('db1'))).toBe(403);
    expect(told(() => web.demandAgent('web1'))).toBe('done');
  });
});

describe('a join token', () => {
  it('is seen and deleted as what its owner has', () => {
    expect(told(() => web.demandToken('1', { ownerRole: 'db' }))).toBe(404);
    expect(told(() => web.demandToken('1', undefined))).toBe(404);
    expect(told(() => reader.demandToken('1', { ownerRole: 'db' }))).toBe(403);
    expect(told(() => all.demandToken('1', { ownerRole: 'db' }))).toBe('done');
  });
  it('lets in as what its maker may change, and as nothing else', () => {
    const wish = { node: null, scopes: ['webs'], ownerRole: 'web' };
    expect(told(() => web.demandNewToken(wish))).toBe('done');
    expect(told(() => web.demandNewToken({ ...wish, node: 'web1' }))).toBe('done');
    expect(told(() => web.demandNewToken({ ...wish, node: 'new1' }))).toBe('done');
    expect(told(() => web.demandNewToken({ ...wish, node: 'db1' }))).toBe(403);
    expect(told(() => web.demandNewToken({ ...wish, ownerRole: 'db' }))).toBe(403);
    expect(told(() => web.demandNewToken({ ...wish, scopes: ['dbs'] }))).toBe(400);
  });
});
