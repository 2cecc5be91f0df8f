import 'reflect-metadata';
import { createReadStream } from 'node:fs';
import { WIDGET_TYPES } from '@yosugara/protocol';
import pg from 'pg';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { twoReceivers } from '../../../../apps/receiver/src/testing/two-receivers.js';
import { placesFor } from './collected-hours.js';
import { LINES, SETTINGS } from './looks-data.js';
import { axeFinds, consoleStage, hasBrowser, put, type Stage, shot } from './stage.js';

/* What people make to look at: made, filled, moved by keys, saved, sent as an address, and hung on a wall. */
const receivers = await twoReceivers({ third: 86 });
const soon = { timeout: 120_000, interval: 100 };
let stage: Stage;

const WALL = {
  name: '夜間の壁面 Wall',
  timeZone: 'Asia/Tokyo',
  refreshS: 5,
  widgets: [
    { type: 'cluster', id: 'cluster', width: 12, height: 2 },
    { type: 'counts', id: 'counts', width: 6, height: 3 },
    { type: 'value', id: 'value', width: 3, height: 3, item: 'cpu', unit: '%', warning: 50, critical: 90, title: 'Busiest CPU' },
    {
      type: 'text',
      id: 'text',
      width: 3,
      height: 3,
      text: '## On call\n- **Suzuki**: 1234\n- [critical](/events?priority=critical)\n<b>x</b>',
    },
    { type: 'series', id: 'lines', width: 6, height: 5, unit: '%', sources: [{ item: 'cpu' }] },
    { type: 'series', id: 'stack', width: 6, height: 5, shape: 'stack', title: 'Stacked', sources: [{ item: 'cpu' }] },
    { type: 'messages', id: 'messages', width: 6, height: 4 },
    { type: 'events', id: 'events', width: 6, height: 4 },
    { type: 'matrix', id: 'scopes', width: 6, height: 4 },
    { type: 'matrix', id: 'nodes', of: 'nodes', title: 'Nodes', width: 6, height: 4 },
    { type: 'jobs', id: 'jobs', width: 6, height: 3 },
    { type: 'runs', id: 'runs', width: 6, height: 3 },
  ],
};

describe.skipIf(!hasBrowser())('dashboards', { timeout: 600_000 }, () => {
  beforeAll(async () => {
    stage = await consoleStage(receivers);
    await put(stage.a, SETTINGS(receivers.address.sender));
    await put(stage.a, [['dashboard', 'wall', WALL]]);
    // The partition of the day is made by the manager, soon after it began.
    await vi.waitFor(collect, soon);
    await stage.say(...LINES);
    await vi.waitFor(async () => {
      const { open } = await stage.a.get<{ open: Record<string, number> }>('/api/v1/events/counts');
      expect(open['critical']).toBeGreaterThan(1);
    }, soon);
  }, 600_000);
  afterAll(async () => {
    await stage?.close();
  });

  it('one is made with widgets that are of use at once, and opens to be edited', async () => {
    const page = await stage.open('/dashboards');
    await page.getByTestId('setting-new').click();
    await page.getByTestId('board-name').fill('Night shift');
    expect(await axeFinds(page)).toEqual([]);
    await page.getByTestId('board-make').click();
    await expect.poll(() => page.url()).toContain('/dashboards/night-shift?edit=1');
    await expect.poll(() => page.getByTestId('widget').count()).toBe(7);
    expect(await axeFinds(page)).toEqual([]);
    await shot(page, 'dashboard-edit');
    await page.context().close();
  });
  it('by the keyboard a widget is added, filled in, moved, sized and taken back; what was begun outlives a reload', async () => {
    const page = await stage.open('/dashboards/night-shift?edit=1');
    await page.getByTestId('widget-add').click();
    await page.getByTestId('add-text').click();
    await page.getByTestId('field-title').fill('Notes');
    await page.getByTestId('field-text').fill('Call **Suzuki**');
    await expect.poll(() => widgetOf(page, 'text-1').textContent()).toContain('Call Suzuki');
    expect(await axeFinds(page)).toEqual([]);
    await shot(page, 'dashboard-widget');
    await page.getByTestId('widget-done').click();
    const grip = widgetOf(page, 'text-1').getByTestId('widget-grip');
    await grip.focus();
    for (const key of ['ArrowLeft', 'ArrowLeft', 'Shift+ArrowLeft', 'Shift+ArrowUp']) await page.keyboard.press(key);
    await expect.poll(() => page.getByTestId('board-said').textContent()).toBe('Notes: 5 wide, 3 high');
    expect(await idsOf(page)).toEqual([
      'cluster-1',
      'counts-1',
      'messages-1',
      'matrix-1',
      'events-1',
      'text-1',
      'jobs-1',
      'runs-1',
    ]);
    await page.keyboard.press('Control+z');
    await expect.poll(() => widgetOf(page, 'text-1').textContent()).toContain('6 × 4');
    await expect
      .poll(async () => await page.evaluate('sessionStorage.getItem("yosugara.draft.dashboard night-shift")'))
      .toContain('Suzuki');
    await page.reload();
    await expect.poll(() => widgetOf(page, 'text-1').textContent()).toContain('Call Suzuki');
    await page.getByTestId('board-save').click();
    await page.getByTestId('toast-board-saved').waitFor();
    const { body, revision } = await stage.a.get<{ body: { widgets: { id: string }[] }; revision: number }>(
      '/api/v1/settings/dashboard/night-shift',
    );
    expect([revision, body.widgets[5]]).toMatchObject([2, { id: 'text-1', title: 'Notes', width: 6, height: 4 }]);
    await page.context().close();
  });
  it('by the mouse a widget takes the place of another one, and is stretched', async () => {
    const page = await stage.open('/dashboards/night-shift?edit=1');
    const grip = widgetOf(page, 'counts-1').getByTestId('widget-grip');
    const target = await widgetOf(page, 'cluster-1').boundingBox();
    await grip.hover();
    await page.mouse.down();
    await page.mouse.move((target?.x ?? 0) + 200, (target?.y ?? 0) + 60, { steps: 4 });
    await page.mouse.up();
    await expect.poll(async () => (await idsOf(page)).slice(0, 2)).toEqual(['counts-1', 'cluster-1']);
    const box = await widgetOf(page, 'counts-1').boundingBox();
    await widgetOf(page, 'counts-1').getByTestId('widget-stretch').hover();
    await page.mouse.down();
    await page.mouse.move((box?.x ?? 0) + (box?.width ?? 0) * 1.5, (box?.y ?? 0) + (box?.height ?? 0) - 4, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => widgetOf(page, 'counts-1').textContent()).toContain('9 × 2');
    await page.getByTestId('board-discard').click();
    await expect.poll(async () => (await idsOf(page))[0]).toBe('cluster-1');
    await page.context().close();
  });
  it('what somebody else saved meanwhile is not overwritten unasked', async () => {
    const page = await stage.open('/dashboards/night-shift?edit=1');
    await widgetOf(page, 'runs-1').getByTestId('widget-remove').click();
    await put(stage.a, [['dashboard', 'night-shift', { name: 'Night shift', widgets: [{ type: 'cluster', id: 'cluster-1' }] }]]);
    await page.getByTestId('board-save').click();
    await page.getByTestId('board-theirs').waitFor();
    await page.getByRole('button', { name: 'Keep mine' }).click();
    await page.getByTestId('board-save').click();
    await page.getByTestId('toast-board-saved').waitFor();
    await expect.poll(() => page.getByTestId('widget').count()).toBe(7);
    await page.context().close();
  });
  it('shows what each widget is for, in the zone of the dashboard; a plot is a table, too', async () => {
    const page = await stage.open('/dashboards/wall?range=1h');
    expect(new Set(WALL.widgets.map(({ type }) => type)).size).toBe(WIDGET_TYPES.length);
    await expect.poll(() => page.getByTestId('widget-value').getAttribute('data-level')).toBe('critical');
    await expect.poll(() => widgetOf(page, 'lines').locator('.plot-legend li').count()).toBe(3);
    await widgetOf(page, 'events').getByTestId('widget-event').first().waitFor();
    await widgetOf(page, 'messages').locator('svg').waitFor();
    await expect.poll(() => widgetOf(page, 'scopes').locator('[data-id=tokyo]').textContent()).toContain('東京データセンター');
    await expect.poll(() => widgetOf(page, 'nodes').getByTestId('matrix-row').count()).toBeGreaterThan(0);
    expect(await widgetOf(page, 'text').textContent()).toContain('<b>x</b>');
    await expect.poll(() => page.locator('.board-clock').textContent()).toContain('Asia/Tokyo');
    expect(await axeFinds(page)).toEqual([]);
    await shot(page, 'dashboard');
    await widgetOf(page, 'lines').getByTestId('as-table').click();
    await widgetOf(page, 'lines').getByTestId('widget-table').waitFor();
    expect(await axeFinds(page)).toEqual([]);
    await page.getByTestId('board-range').getByText('From … to').click();
    await page.getByTestId('board-from').fill('2026-11-22T09:00');
    await page.getByTestId('board-to').fill('2026-11-22T10:00');
    await page.getByTestId('board-apply').click();
    await expect.poll(() => new URL(page.url()).searchParams.get('from')).toBe('2026-11-22T00:00:00.000Z');
    await page.context().close();
  });
  it('on a wall only the cluster’s strip and the dashboard are left, and it goes on when the manager does', async () => {
    const page = await stage.open('/dashboards/wall?kiosk=1', { viewport: { width: 1920, height: 1080 } });
    await widgetOf(page, 'cluster').waitFor();
    expect(await page.getByRole('navigation').count()).toBe(0);
    await page.getByTestId('cluster-strip').waitFor();
    expect(await axeFinds(page)).toEqual([]);
    await shot(page, 'dashboard-wall');
    await page.context().setOffline(true);
    await expect.poll(() => page.getByTestId('widget-stale').count(), soon).toBeGreaterThan(2);
    await shot(page, 'dashboard-away');
    await page.context().setOffline(false);
    await expect.poll(() => page.getByTestId('widget-stale').count(), soon).toBe(0);
    expect(page.url()).toContain('kiosk=1');
    await page.keyboard.press('Escape');
    await page.getByRole('navigation').waitFor();
    await page.context().close();
  });
  it('all of them come as YAML, which an import takes', async () => {
    const page = await stage.open('/dashboards');
    const coming = page.waitForEvent('download');
    await page.getByTestId('board-export').click();
    let text = '';
    for await (const chunk of createReadStream(await (await coming).path())) text += chunk;
    for (const id of ['night-shift', 'wall']) expect(text).toContain(`id: ${id}`);
    await page.getByTestId('board-import').click();
    await page.getByRole('dialog').waitFor();
    const answer = await stage.a.call('POST', '/api/v1/settings/read', { body: { format: 'yaml', text } });
    const { documents } = answer.body as { documents: object[] };
    const dry = await stage.a.call('POST', '/api/v1/settings/import', { body: { documents, dryRun: true } });
    expect((dry.body as { counts: object }).counts).toMatchObject({ added: 0, changed: 0, unchanged: documents.length });
    await page.context().close();
  });
  it.each([
    ['/dashboards/wall', 'board', 'ja-JP', 'dark'],
    ['/dashboards/wall?edit=1', 'board-save', 'ja-JP', 'light'],
    ['/dashboards', 'setting-row', 'ja-JP', 'dark'],
  ] as const)(
    'on a telephone %s is one column as wide as the screen, and axe finds nothing',
    async (path, there, locale, colorScheme) => {
      const page = await stage.open(path, { viewport: { width: 390, height: 844 }, colorScheme, locale });
      await page.getByTestId(there).first().waitFor();
      await page.getByTestId('cluster-strip').waitFor();
      await page.waitForTimeout(1_000);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
      expect(await axeFinds(page)).toEqual([]);
      await shot(page, `dashboard-telephone-${there}`);
      await page.context().close();
    },
  );
  it('says nothing that it should not', () => expect(stage.problems).toEqual([]));
});

const widgetOf = (page: Page, id: string) => page.locator(`[data-testid=widget][data-id="${id}"]`);
const idsOf = async (page: Page) =>
  await page
    .getByTestId('widget')
    .evaluateAll((all) => all.map((each) => (each as unknown as { dataset: { id: string } }).dataset.id));

/** Values of the last hour, as monitors keep them. */
async function collect(): Promise<void> {
  const client = new pg.Pool({ connectionString: stage.postgres.connectionString, max: 1 });
  try {
    await placesFor(client, 1);
    await client.query(
      `insert into series (key, monitor, facility, item, since)
       select decode(md5(f), 'hex'), 'disks', f, 'cpu.busy', now() - interval '1 hour' from unnest(array['web1', 'web2', 'db1']) f
       on conflict do nothing`,
    );
    await client.query(
      `insert into collected (series, at, value)
       select s.id, date_trunc('minute', now()) - n * interval '1 minute', 30 + 20 * s.id + 15 * sin(n / 6.0 + s.id) from series s, generate_series(0, 55) n
       where s.monitor = 'disks' on conflict do nothing`,
    );
  } finally {
    await client.end();
  }
}
