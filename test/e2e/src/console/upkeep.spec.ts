import 'reflect-metadata';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { twoReceivers } from '../../../../apps/receiver/src/testing/two-receivers.js';
import { FOUR_WAYS, seenIn } from './looks.js';
import { aHealthyCluster, axeFinds, consoleStage, hasBrowser, put, type Stage, shot } from './stage.js';

/* What is kept and deleted, and how the cluster was: the main paths of both pages. */
const receivers = await twoReceivers({ third: 98 });
/** Beside those of looks.spec.ts: after a clean-up, and a take-over of which the phases are known. */
const LOOKS = [
  ['retention', '/retention', 'kept', FOUR_WAYS],
  ['take-over', '/cluster?takeover=7', 'take-over-timeline', FOUR_WAYS.filter(({ width }) => width === 1440)],
] as const;
const at = (s: number) => new Date(Date.parse('2026-11-20T03:12:05.000Z') + s * 1_000).toISOString();
const SEEN = {
  ...{ by: 'a', everyMs: 200, lastServingAt: at(0), isCut: false },
  phases: [
    ['missed', 1.1],
    ['granted', 3.4],
    ['database', 3.9],
    ['promoted', 4],
    ['address', 4.1],
    ['manager', 4.6],
    ['ingest', 4.7],
    ['jobs', 5.2],
    ['redundant', 1_800],
  ].map(([phase, s]) => ({ phase, at: at(Number(s)) })),
  said: [{ at: at(1.2), node: 'a', role: 'TAKEOVER', why: 'waits for the promise to end' }],
};
let stage: Stage;
let pool: pg.Pool;

describe.skipIf(!hasBrowser())('the console', { timeout: 600_000 }, () => {
  beforeAll(async () => {
    stage = await consoleStage(receivers);
    pool = new pg.Pool({ host: stage.postgres.host, port: stage.postgres.port, user: 'postgres', database: 'postgres' });
    const known = async () => expect((await pool.query('select from take_over')).rowCount).toBe(2);
    await vi.waitFor(known, { timeout: 60_000, interval: 200 });
    await pool.query('update take_over set seen = $1 where epoch = 7', [JSON.stringify(SEEN)]);
    await pool.query(`insert into cluster_lag select date_trunc('minute', now()) - n * interval '1 minute', node,
      case when node = 'b' then (n % 7) * 40000 end, n % 3, true from generate_series(1, 200) n, unnest(array['a', 'b']) node
      on conflict do nothing`);
    await pool.query(`insert into event (key, id, at, priority, state, facility, scope, monitor, plugin, trigger, notification, item, sub, application, message, original, why, last_at)
      select decode(lpad(to_hex(n), 32, '0'), 'hex'), 'e' || n, now() - n * interval '1 day' + interval '12 hours', 3, 2, 'web1', 'x', 'm', 'p', 't', 'n', '', '', 'a', 'm', '', '', now()
      from generate_series(1, 399) n`);
  }, 600_000);
  afterAll(async () => {
    await pool?.end();
    await stage?.close();
  });

  it('shows a past take-over in its phases, under an address of its own, with its events', async () => {
    const page = await stage.open('/cluster');
    await page.locator('[data-testid=take-over][data-epoch="7"] button').click();
    await expect.poll(() => page.url()).toContain('takeover=7');
    const other = await stage.open('/cluster?takeover=7');
    const phases = other.locator('[data-testid=take-over-timeline] tr[data-phase]');
    await expect.poll(() => phases.count()).toBe(10);
    expect(await phases.nth(6).textContent()).toContain('4.6 s');
    expect(await other.getByTestId('take-over-loss').textContent()).toContain('nothing that was acknowledged');
    await expect.poll(() => other.getByTestId('lag-chart').count()).toBe(3);
    await other.getByTestId('take-over-events').click();
    await expect.poll(() => other.url()).toContain('/events?since=');
  });

  it('takes a node into maintenance, with a reason, and ends it again', async () => {
    const page = await stage.open('/cluster');
    await page.getByTestId('govern').click();
    await page.getByTestId('govern-maintenance').click();
    await expect.poll(() => page.getByTestId('govern-go').isDisabled()).toBe(true);
    await page.getByTestId('govern-why').fill('new disks');
    expect(await axeFinds(page)).toEqual([]);
    await page.getByTestId('govern-go').click();
    const commands = () => stage.a.controller.commands.filter(({ method }) => method === 'maintenance');
    await expect.poll(commands).toMatchObject([{ node: 'b', minutes: 120, why: 'new disks' }]);
    const until = new Date(Date.now() + 3_600_000).toISOString();
    stage.a.controller.status = { ...aHealthyCluster(), maintenance: [{ node: 'b', until, why: 'new disks' }] };
    await page.getByTestId('notice-maintenance-b-end').click();
    await expect.poll(() => commands().length).toBe(2);
    expect(commands()[1]).toMatchObject({ node: 'b', minutes: 0 });
    stage.a.controller.status = aHealthyCluster();
  });

  it('cuts a node’s power once its name is typed, and tells who ordered it, when, why, and what the device said', async () => {
    const page = await stage.open('/cluster');
    const reading = { target: 'b', by: 'a', healthy: true, offMs: 1_200, ageMs: 3_000, says: 'on' };
    stage.a.controller.status = { ...aHealthyCluster(), fence: [reading] };
    await page.reload();
    await page.getByTestId('govern').click();
    await page.getByTestId('govern-fence').click();
    await page.getByTestId('govern-why').fill('smoke in rack 4');
    await expect.poll(() => page.getByTestId('govern-go').isDisabled()).toBe(true);
    await page.getByTestId('govern-fence-name').fill('b');
    await page.getByTestId('govern-go').click();
    const commands = () => stage.a.controller.commands.filter(({ method }) => method === 'fence');
    await expect.poll(commands).toMatchObject([{ node: 'b', why: 'smoke in rack 4', by: 'admin' }]);
    const lastFence = {
      ...{ requestId: 'r1', target: 'b', by: 'a', state: 'requested', method: null, evidence: '', at: at(60) },
      ordered: { by: 'admin', why: 'smoke in rack 4' },
    };
    stage.a.controller.status = { ...aHealthyCluster(), fence: [reading], lastFence };
    const panel = page.getByTestId('last-fence');
    await expect.poll(() => panel.textContent()).toContain('nothing yet');
    const done = { ...lastFence, state: 'confirmed', method: 'fence_ipmilan', evidence: 'Status: OFF, read 2 times' };
    stage.a.controller.status = { ...aHealthyCluster(), fence: [reading], lastFence: done };
    await expect.poll(() => panel.getAttribute('data-state')).toBe('confirmed');
    expect(await panel.textContent()).toMatch(/admin.*smoke in rack 4.*fence_ipmilan: Status: OFF, read 2 times/);
    const rows = page.getByTestId('fence-row');
    await expect.poll(() => rows.first().getAttribute('data-state')).toBe('confirmed');
    expect([await rows.count(), await rows.first().textContent()]).toEqual([
      1,
      expect.stringMatching(/admin: smoke in rack 4.*fence_ipmilan: Status: OFF, read 2 times/),
    ]);
    expect(await axeFinds(page)).toEqual([]);
    await shot(page, 'last-fence');
    stage.a.controller.status = aHealthyCluster();
  });

  it('changes how long events are kept, tells what would go, and deletes it', async () => {
    const page = await stage.open('/retention');
    await page.getByTestId('days-events').fill('300');
    await page.getByTestId('retention-preview').click();
    await expect.poll(() => page.getByTestId('clean-up-found').textContent()).toContain('older than 300 days');
    expect(await axeFinds(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByTestId('retention-save').click();
    await page.getByTestId('clean-all').waitFor();
    await page.getByTestId('clean-events').click();
    await expect.poll(() => page.getByTestId('clean-up-found').textContent()).toContain('rows: 99');
    await shot(page, 'clean-up');
    await page.getByTestId('clean-up-go').click();
    await expect.poll(() => page.getByTestId('clean-up-run').first().textContent(), { timeout: 60_000 }).toContain('rows: 99');
    await expect.poll(async () => (await pool.query('select from event where plugin = $1', ['p'])).rowCount).toBe(300);
    const { rows } = await pool.query(
      "select actor from audit where action in ('setting.put', 'retention.clean-up') order by id",
    );
    expect(rows).toEqual([{ actor: 'admin' }, { actor: 'admin' }]);
  });

  it('keeps what was typed when somebody else changed it meanwhile', async () => {
    const page = await stage.open('/retention');
    await page.getByTestId('days-messages').fill('60');
    await put(stage.a, [['retention', 'cluster', { days: { events: 300, lag: 20 } }]]);
    await page.getByTestId('retention-save').click();
    await page.getByTestId('retention-stale').waitFor();
    expect(await page.getByTestId('days-messages').inputValue()).toBe('60');
  });

  it.each(LOOKS)('has nothing that axe finds, and nothing that is out of its place: %s', async (name, path, ready, ways) => {
    const page = await stage.open(path);
    await page.getByTestId(ready).first().waitFor();
    await page.getByTestId(ready).first().scrollIntoViewIfNeeded();
    expect(await seenIn(page, `upkeep-${name}`, ways)).toEqual([]);
    await page.context().close();
    expect(stage.problems).toEqual([]);
  });
});
