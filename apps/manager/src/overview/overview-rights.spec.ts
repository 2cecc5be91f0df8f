import 'reflect-metadata';
import { epoch } from '@yosugara/kernel';
import type { EventCounts, Events, Overview } from '@yosugara/protocol';
import { EMPTY_BATCH } from '@yosugara/runtime';
import { OperationsRepository, Partitions } from '@yosugara/store';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventLike, statusLike } from '../../../../libs/store/src/testing/told.js';
import { type AccessWorld, accessWorld } from '../access/testing/access-world.js';

const READS = { event: ['read'], monitor: ['read'], repository: ['read'] };
const none = { critical: 0, unknown: 0, warning: 0, info: 0 };
let world: AccessWorld;
/** Of the web team; of it with more functions; who reads all; who reads no events. */
let wendy: string;
let wanda: string;
let vic: string;
let noel: string;

beforeAll(async () => {
  world = await accessWorld(88);
  const { put, person, pool, eras } = world;
  await put('role', 'web', { name: 'Web', grants: READS });
  await put('role', 'web-all', {
    ...{ name: 'Web, all', grants: { ...READS, job: ['read'], cluster: ['read'], agent: ['read'] } },
    reaches: [{ owner: 'web', modes: ['read'] }],
  });
  await put('role', 'db', { name: 'Databases', grants: READS });
  wendy = await person('wendy', ['web']);
  wanda = await person('wanda', ['web-all']);
  vic = await person('vic', ['viewer']);
  noel = await person('noel', []);
  await put('scope', 'site', { name: 'Site' }, 'db');
  await put('scope', 'shop', { name: 'Shop', parent: 'site' }, 'web');
  await put('node', 'web1', { name: 'Web one', addresses: ['192.0.2.1'], scopes: ['shop'] }, 'web');
  await put('node', 'db1', { name: 'Database one', addresses: ['192.0.2.2'], scopes: ['site'] }, 'db');
  for (const owner of ['web', 'db'])
    await put('monitor', `ping-${owner}`, { type: 'ping', facility: owner === 'web' ? 'web1' : 'db1', check: {} }, owner);
  const of = (owner: string) => ({ monitor: `ping-${owner}`, facility: `${owner}1`, plugin: 'ping' });
  const atMs = Date.now();
  const itself = { monitor: 'INTERNAL', facility: 'INTERNAL', plugin: 'internal', priority: 'warning' as const };
  await new OperationsRepository(pool, new Partitions(pool, 'collected')).storeOperations(
    {
      ...EMPTY_BATCH,
      events: [
        eventLike({ atMs, ...of('web') }),
        eventLike({ atMs: atMs + 1, ...of('db') }),
        eventLike({ atMs: atMs + 2, ...of('db') }),
        eventLike({ atMs: atMs + 3, ...itself }),
      ],
      statuses: [statusLike({ ...of('web'), message: 'web is silent' }), statusLike({ ...of('db'), message: 'db is silent' })],
    },
    epoch(eras.now),
    0,
  );
  await pool.query(
    `insert into setting_history (kind, id, revision, version, epoch, by, body)
     select 'job-unit', 'unit-' || r, 1, 1, 1, 'spec', '{}' from unnest(array['web', 'db']) r`,
  );
  await pool.query(
    `insert into job_session (id, unit, revision, owner_role, trigger_type, trigger_info, scheduled_at, state, variables, ignores_times, keep_days)
     select 'of-' || r || n, 'unit-' || r, 1, r, 'manual', '', now(), 'running', '{}', false, 9
     from unnest(array['web', 'db', 'db'], array[1, 1, 2]) as t(r, n)`,
  );
});
// A lease ends while so much is asked.
beforeEach(async () => await world.eras.becomeActive(world.node, 'a'));
afterAll(async () => await world?.stop());

const overview = async (cookie: string) => (await world.as(cookie, 'GET', '/api/v1/overview')).body as Overview;

describe('the overview of whoever does not read everything', () => {
  it('counts what their monitors told, and nothing else', async () => {
    const { open, now, silent } = await overview(wendy);
    expect(open).toEqual({ ...none, critical: 1 });
    expect(now).toEqual({ ...none, critical: 1 });
    expect(silent?.rows.map(({ facility, message }) => [facility, message])).toEqual([['web1', 'web is silent']]);
  });
  it('has their scopes, with what happened there as far as it is theirs; one in a scope of others hangs from none', async () => {
    const { scopes } = await overview(wendy);
    const made = scopes?.filter(({ builtIn }) => !builtIn);
    expect(made).toMatchObject([{ id: 'shop', parent: null, nodes: 1, open: { ...none, critical: 1 } }]);
    expect(JSON.stringify(scopes)).not.toContain('ite"');
  });
  it('has their running sessions', async () => {
    expect((await overview(wanda)).jobs).toMatchObject({ states: { running: 1 }, late: [], failed: 0 });
    expect((await overview(vic)).jobs).toMatchObject({ states: { running: 3 } });
  });
  it('leaves out what their functions do not open', async () => {
    expect(await overview(wendy)).toMatchObject({ jobs: null, agents: null, self: null });
    expect((await overview(wanda)).self).not.toBeNull();
    expect((await world.as(noel, 'GET', '/api/v1/overview')).status).toBe(403);
  });
  it('is not that of whoever asked before', async () => {
    const [one, all, again] = [await overview(wendy), await overview(vic), await overview(wendy)];
    expect(all.open).toEqual({ ...none, critical: 3, warning: 1 });
    expect(again.open).toEqual(one.open);
  });
});

describe('what the program tells of itself', () => {
  it('is seen by whoever reads everything, or may look at the cluster', async () => {
    const ofItself = async (cookie: string) => {
      const { rows } = (await world.as(cookie, 'GET', '/api/v1/events')).body as Events;
      return rows.filter(({ plugin }) => plugin === 'internal').length;
    };
    expect([await ofItself(wendy), await ofItself(wanda), await ofItself(vic)]).toEqual([0, 1, 1]);
    expect(((await world.as(wanda, 'GET', '/api/v1/events/counts')).body as EventCounts).open).toMatchObject({ warning: 1 });
    expect((await overview(wanda)).open).toEqual({ ...none, critical: 1, warning: 1 });
  });
});
