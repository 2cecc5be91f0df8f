import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AgentRepository } from './agents-repository.js';
import { type OpenedStore, openMigratedStore } from './testing/opened.js';

let opened: OpenedStore;
let agents: AgentRepository;
beforeAll(async () => {
  opened = await openMigratedStore();
  agents = new AgentRepository(opened.store.db);
});
afterEach(async () => {
  await opened.pool.query('truncate agent, agent_token, agent_authority');
});
afterAll(async () => await opened?.close());

const ENDS = new Date('2027-11-22T00:00:00Z');
const join = async (id: string, fingerprint = 'f1') =>
  await agents.join({ id, fingerprint, endsAt: ENDS, joinedBy: 'token 1', address: '10.0.0.1' });
const seen = { version: '0.1.0', spool: 'ab', hostName: 'web1', platform: 'LINUX', os: 'Debian 12' };

describe('agents', () => {
  it('are there once they have joined, and joined anew nothing of before is good', async () => {
    await join('web1');
    await agents.revoke('web1', 'ann');
    await join('web1', 'f2');
    expect(await agents.agents()).toMatchObject([
      { id: 'web1', fingerprint: 'f2', previous: null, endsAt: ENDS, joinedBy: 'token 1', revokedAt: null, seen: null },
    ]);
  });

  it('keep the certificate before until they have come with the new one', async () => {
    await join('web1');
    const later = { fingerprint: 'f2', endsAt: new Date('2028-01-01T00:00:00Z') };
    expect(await agents.renew('web1', 'f1', later)).toBe(true);
    expect(await agents.agents()).toMatchObject([{ fingerprint: 'f2', previous: 'f1' }]);
    // The answer was lost: it asks again, with the one it has.
    expect(await agents.renew('web1', 'f1', { ...later, fingerprint: 'f3' })).toBe(true);
    await agents.saw([{ id: 'web1', address: '10.0.0.2', atMs: 1_000, fingerprint: 'f1', seen }]);
    expect(await agents.agents()).toMatchObject([{ fingerprint: 'f3', previous: 'f1', address: '10.0.0.2', seen }]);
    await agents.saw([{ id: 'web1', address: '10.0.0.2', atMs: 2_500, fingerprint: 'f3', seen }]);
    expect(await agents.agents()).toMatchObject([{ previous: null, seenAt: new Date(2_500) }]);
    expect(await agents.renew('web1', 'f1', later)).toBe(false);
  });

  it('are revoked once', async () => {
    await join('web1');
    expect(await agents.revoke('web1', 'ann')).toBe(true);
    expect(await agents.revoke('web1', 'bob')).toBe(false);
    expect(await agents.revoke('web2', 'bob')).toBe(false);
    expect(await agents.agents()).toMatchObject([{ revokedBy: 'ann' }]);
    expect(await agents.renew('web1', 'f1', { fingerprint: 'f2', endsAt: ENDS })).toBe(false);
  });
});

describe('join tokens', () => {
  const digest = Buffer.alloc(32, 7);
  const add = async (more: object = {}) =>
    await agents.addToken({
      ...{
        digest,
        description: 'web servers',
        node: null,
        scopes: ['web'],
        ownerRole: 'web-team',
        usesLeft: 2,
        createdBy: 'ann',
      },
      expiresAt: new Date(Date.now() + 60_000),
      ...more,
    });

  it('are good for so many uses', async () => {
    await add();
    for (let use = 0; use < 2; use++) {
      const token = await agents.tokenOf(digest);
      expect(token).toMatchObject({ scopes: ['web'], ownerRole: 'web-team', usesLeft: 2 - use, node: null });
      await agents.useToken(token!.number);
    }
    expect(await agents.tokenOf(digest)).toBeNull();
    expect(await agents.tokens(10)).toMatchObject([{ usesLeft: 0, description: 'web servers' }]);
  });

  it('are good until their end, and unknown under another digest', async () => {
    await add({ expiresAt: new Date(Date.now() - 1) });
    expect(await agents.tokenOf(digest)).toBeNull();
    expect(await agents.tokenOf(Buffer.alloc(32, 8))).toBeNull();
  });

  it('are listed page after page, the newest first', async () => {
    for (const at of [1, 2, 3]) await add({ digest: Buffer.alloc(32, 40 + at), description: `page ${at}` });
    const [newest, next] = await agents.tokens(2);
    expect([newest?.description, next?.description]).toEqual(['page 3', 'page 2']);
    expect((await agents.tokens(1, next!.number)).map(({ description }) => description)).toEqual(['page 1']);
  });

  it('can be taken back', async () => {
    const { number } = await add();
    expect(await agents.removeToken(number)).toBe(true);
    expect(await agents.removeToken(number)).toBe(false);
    expect(await agents.tokenOf(digest)).toBeNull();
  });
});

it('authorities are kept in their order', async () => {
  await agents.addAuthority({ certificate: 'one', key: Buffer.from('k1') });
  await agents.addAuthority({ certificate: 'two', key: Buffer.from('k2') });
  expect(await agents.authorities()).toMatchObject([
    { certificate: 'one', key: Buffer.from('k1') },
    { certificate: 'two', key: Buffer.from('k2') },
  ]);
});
