import 'reflect-metadata';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AccessWorld, accessWorld } from './testing/access-world.js';

let world: AccessWorld;
beforeAll(async () => {
  world = await accessWorld(63, { requestsPerSecond: 3 });
});
beforeEach(async () => await world.eras.becomeActive(world.node, 'a'));
afterAll(async () => await world?.stop());

const statuses = async (times: number, ask: () => Promise<{ readonly status: number }>) => {
  const answers = await Promise.all(Array.from({ length: times }, async () => (await ask()).status));
  return new Set(answers);
};

describe('too many requests', () => {
  it('of one user are refused, with when to ask again; others go on', async () => {
    const ann = await world.person('ann', ['viewer']);
    const bob = await world.person('bob', ['viewer']);
    expect(await statuses(120, async () => await world.as(ann, 'GET', '/api/me'))).toContain(429);
    const answer = await world.as(ann, 'GET', '/api/me');
    expect(answer.status === 200 || answer.body.code === 'TOO_MANY_REQUESTS').toBe(true);
    if (answer.status === 429) expect(answer.headers.get('retry-after')).toBe('1');
    expect((await world.as(bob, 'GET', '/api/me')).status).toBe(200);
  });
  it('of an address that nobody is logged in from are refused; who is logged in there goes on', async () => {
    const bearer = `yst_${'A'.repeat(43)}`;
    const eve = await world.person('eve', ['viewer']);
    expect(await statuses(120, async () => await world.node.call('GET', '/api/me', { bearer }))).toEqual(new Set([401, 429]));
    expect((await world.as(eve, 'GET', '/api/me')).status).toBe(200);
  });
});
