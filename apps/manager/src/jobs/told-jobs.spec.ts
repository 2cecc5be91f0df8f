import { SILENT_LOG } from '@yosugara/kernel';
import type { Result, Told } from '@yosugara/operations';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hostClock } from '../clock.js';
import type { RunningIngest } from '../lifecycle.js';
import { Operations } from '../operations/operations.js';
import { LiveSettings } from '../settings/live-settings.js';
import { openStorage } from '../wiring.js';
import { JobsHandle } from './jobs-handle.js';
import { startTold } from './run-jobs.js';
import { JobWorld, until } from './testing/job-world.js';

/* All that runs jobs in a manager, as `main.ts` puts it together; but no ingest, and no agents. */
let world: JobWorld;
beforeAll(async () => {
  world = await JobWorld.open();
});
afterAll(async () => await world?.close());

const ingest: RunningIngest = { behind: () => 0, failure: () => null, stop: async () => undefined };

async function begin(epoch: number) {
  const { host, port } = world.server;
  const postgres = { host, port, user: 'postgres', database: 'postgres', password: 'x', clusterCa: null };
  const { store, operations: tables, outbox, jobs: jobTables, jobStore } = openStorage(postgres, 'a', SILENT_LOG);
  const handle = new JobsHandle(jobTables);
  const operations = new Operations({
    ...{ store: tables, outbox, live: new LiveSettings(store.settings, SILENT_LOG), mibs: { now: () => null as never } },
    ...{ clock: hostClock, log: SILENT_LOG, sources: new Map(), collected: store.operations, probes: () => [] },
    jobs: { store: jobStore, handle },
  });
  const permission = { ...{ mode: 'active', epoch, leaseUntilMs: Number.POSITIVE_INFINITY, master: 'a', vip: true } } as never;
  const running = await operations.around(async () => ingest)({ epoch, permitted: () => permission, onStored: () => undefined });
  return {
    ...{ operations, handle },
    end: async () => {
      await running.stop();
      await store.close();
    },
  };
}

it('a result that is told by a notification of kind job begins one session, with what was told as its variables', async () => {
  await world.clear();
  const after = { wait: { groups: [{ conditions: [{ kind: 'end-status', job: 'send', status: ['normal'] }] }] } };
  const jobs = [
    { type: 'link-send', id: 'send', messageId: 'seen', message: '#[MESSAGE]' },
    { type: 'link-receive', id: 'receive', messageId: 'seen', pattern: 'disk 7', pastMinutes: 5, ...after },
  ];
  await world.put('job-unit', 'react', { name: 'React', timeZone: 'UTC', jobs });
  await world.put('notification', 'react', { kind: 'job', priorities: { critical: { job: 'react' } } });
  await world.pool.query('update settings_version set version = 1000, epoch = 1');
  const first = await begin(1);
  const result: Result = {
    ...{ id: 'disks/web1///1', trigger: 'internal', plugin: 'internal', monitor: 'disks', facility: 'INTERNAL', sender: null },
    ...{ item: '', sub: '', priority: 'critical', application: 'x', message: 'disk 7 is full', original: '', atMs: 1 },
    notifications: ['react'],
  };
  await until(
    'it is told',
    async () =>
      await first.operations.tell(result).then(
        () => true,
        () => null,
      ),
  );
  const session = await until('its session ends', async () => {
    const [row] = (await world.reports.sessions({ limit: 10 })).rows;
    return row !== undefined && row.endedAtMs !== null && row;
  });
  expect(session).toMatchObject({
    unit: 'react',
    endStatus: 'normal',
    trigger: { type: 'event', id: 'react', info: 'disk 7 is full' },
  });
  expect(session.variables).toMatchObject({ MESSAGE: 'disk 7 is full', PRIORITY: expect.any(String) });
  expect(await world.reports.links({ limit: 10 })).toMatchObject([{ messageId: 'seen', message: 'disk 7 is full' }]);
  // Between the session and the mark in the outbox a crash tells it again: by the same id it is the same session.
  const told: Told = { id: 'disks/web1///1/react', notification: 'react', kind: 'job', result, why: 'first', before: null };
  const again = async (handle: JobsHandle) => await startTold(handle.control, { unit: 'react', job: null, variables: {} }, told);
  expect(await again(first.handle)).toEqual({ kind: 'accepted', note: `session ${session.id}` });
  await first.end();
  expect(() => first.handle.control).toThrow(/do not run/);
  const next = await begin(2);
  const settled = await until('it serves', async () => {
    const answer = await again(next.handle).catch(() => null);
    return answer?.kind === 'accepted' && answer;
  });
  expect(settled.note).toBe(`session ${session.id}`);
  expect((await world.reports.sessions({ limit: 10 })).rows).toHaveLength(1);
  expect(
    await startTold(next.handle.control, { unit: 'nothing', job: null, variables: {} }, { ...told, id: 'other' }),
  ).toMatchObject({
    kind: 'refused',
  });
  await next.end();
});
