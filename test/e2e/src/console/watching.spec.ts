import 'reflect-metadata';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { twoReceivers } from '../../../../apps/receiver/src/testing/two-receivers.js';
import { aHealthyCluster, axeFinds, consoleStage, hasBrowser, put, type Stage, shot } from './stage.js';

/*
 * A Master with its receivers and its database, and whoever looks at it in a browser: what the pages of watching are for, along the way that
 * an operator takes.
 */
const receivers = await twoReceivers({ third: 91 });
const soon = { timeout: 120_000, interval: 100 };
let stage: Stage;

describe.skipIf(!hasBrowser())('the console', { timeout: 600_000 }, () => {
  beforeAll(async () => {
    stage = await consoleStage(receivers);
    await put(stage.a, [
      ['scope', 'tokyo', { name: 'Tokyo' }],
      ['scope', 'osaka', { name: 'Osaka' }],
      ['node', 'web1', { name: 'Web one', addresses: [receivers.address.sender], scopes: ['tokyo'] }],
      ['node', 'db1', { name: 'Database one', addresses: ['192.0.2.9'], scopes: ['osaka'] }],
      ['notification', 'events', { kind: 'event', priorities: { critical: {}, warning: {} }, renotify: { when: 'always' } }],
      ['notification', 'now', { kind: 'status', priorities: { critical: {}, warning: {} }, renotify: { when: 'always' } }],
      [
        'monitor',
        'disks',
        {
          ...{ type: 'syslog', check: {}, facility: 'tokyo', application: 'disks', notifications: ['events', 'now'] },
          rules: [
            { pattern: 'disk (\\d+) failed', mode: 'regex', priority: 'critical', message: 'Disk gone: #[1]' },
            { pattern: 'disk (\\d+) is slow', mode: 'regex', priority: 'warning', message: 'Disk slow: #[1]' },
          ],
        },
      ],
    ]);
    await stage.say('disk 1 failed', 'disk 2 is slow', 'disk 3 failed');
    await vi.waitFor(async () => {
      const { open } = await stage.a.get<{ open: Record<string, number> }>('/api/v1/events/counts');
      expect([open['critical'], open['warning']]).toEqual([2, 1]);
    }, soon);
  }, 600_000);
  afterAll(async () => {
    await stage?.close();
  });

  it('keeps a filter under a name, picks it again, and its address shows the same to others', async () => {
    const page = await stage.open('/events?text=gone&priority=critical');
    await page.getByTestId('event-row').first().waitFor();
    await choose(page, 'filter-save-as');
    await page.getByTestId('filter-name').fill('Dead disks');
    expect(await axeFinds(page)).toEqual([]);
    await page.getByTestId('filter-save').click();
    await expect.poll(() => page.url()).toContain('filter=events-dead-disks');
    const address = page.url();
    await page.getByTestId('filter-clear').click();
    await page.getByTestId('event-row').nth(2).waitFor();
    await page.getByTestId('saved-filters').click();
    await page.locator('[data-testid=saved-filter][data-id=events-dead-disks]').click();
    await expect.poll(() => page.getByTestId('event-row').count()).toBe(2);
    await shot(page, 'events-filter');
    const other = await stage.open(address.slice(stage.base.length));
    await expect.poll(() => other.getByTestId('event-row').count()).toBe(2);
    await expect.poll(() => other.getByTestId('saved-filters').textContent()).toBe('Dead disks');
  });
  it('tells that a filter was changed, saves the change, and renames it', async () => {
    const page = await stage.open('/events?filter=events-dead-disks');
    await expect.poll(() => page.url(), { message: 'the filter’s fields are in the address' }).toContain('text=gone');
    await page.getByTestId('event-text').fill('Disk');
    await expect.poll(() => page.getByTestId('saved-filters').textContent()).toBe('Dead disks (changed)');
    await choose(page, 'filter-save-changes');
    await expect.poll(() => page.getByTestId('saved-filters').textContent()).toBe('Dead disks');
    await choose(page, 'filter-rename');
    await page.getByTestId('filter-name').fill('Disks of the night');
    await page.getByTestId('filter-shared').click();
    await page.getByTestId('filter-save').click();
    await expect.poll(() => page.getByTestId('saved-filters').textContent()).toBe('Disks of the night');
    const { body } = await stage.a.get<{ body: object }>('/api/v1/settings/filter/events-dead-disks');
    expect(body).toEqual({
      name: 'Disks of the night',
      view: 'events',
      query: { text: 'Disk', priority: 'critical' },
      isShared: true,
    });
  });
  it('deletes a filter after asking, and goes on showing what it showed', async () => {
    const page = await stage.open('/events?filter=events-dead-disks');
    await expect.poll(() => page.getByTestId('saved-filters').textContent()).toBe('Disks of the night');
    await choose(page, 'filter-delete');
    await page.getByTestId('filter-remove').click();
    await expect.poll(() => page.getByTestId('saved-filters').textContent()).toBe('Saved filters');
    expect(page.url()).toContain('text=Disk');
  });
  it.each([
    ['/status?text=disk', 'status-page'],
    ['/graphs?range=1h', 'graphs-page'],
    ['/repository?scope=tokyo&text=web', 'repository-page'],
    ['/messages?mode=search&text=disk', 'shown-count'],
  ])('keeps filters of %s', async (path, there) => {
    const page = await stage.open(path);
    await page.getByTestId(there).waitFor();
    await choose(page, 'filter-save-as');
    await page.getByTestId('filter-name').fill('私の');
    await page.getByTestId('filter-save').click();
    await expect.poll(() => new URL(page.url()).searchParams.get('filter')).not.toBeNull();
    const kept = new URL(page.url()).searchParams;
    for (const [key, value] of new URL(path, stage.base).searchParams) expect(kept.get(key), key).toBe(value);
    expect(await axeFinds(page)).toEqual([]);
  });
  it.each([
    ['/events?text=gone', 'events.csv', 3],
    ['/status', 'statuses.csv', 3],
  ])('%s comes as a table, with what the filter lets through', async (path, name, lines) => {
    const page = await stage.open(path);
    const coming = page.waitForEvent('download');
    await page.getByTestId('csv').click();
    const file = await coming;
    expect(file.suggestedFilename()).toBe(name);
    const { createReadStream } = await import('node:fs');
    let text = '';
    for await (const chunk of createReadStream(await file.path())) text += chunk;
    expect(text.trimEnd().split('\r\n')).toHaveLength(lines);
  });
  it('the first page tells health by scope and what is open, and leads to the lists of it; the cluster is on every page', async () => {
    const page = await stage.open('/');
    await expect.poll(() => page.getByTestId('overview-open-critical').textContent()).toBe('2Critical');
    const tokyo = page.locator('[data-testid=health-row][data-id=tokyo]');
    await expect.poll(() => tokyo.getAttribute('data-worst')).toBe('critical');
    expect(await axeFinds(page)).toEqual([]);
    await shot(page, 'overview');
    await tokyo.getByRole('link', { name: 'Critical 2' }).click();
    await expect.poll(() => page.getByTestId('event-row').count()).toBe(2);
    const strip = page.getByTestId('cluster-strip');
    await expect
      .poll(() => strip.textContent())
      .toMatch(/a Master.*b Standby.*If the Master died now:.*b within 9 s.*nothing lost/);
    stage.a.controller.status = {
      ...aHealthyCluster(),
      ifMasterDied: { failsOver: false, to: null, seconds: null, dataLoss: null, reason: '' },
    };
    await page.reload();
    await expect.poll(() => strip.textContent()).toContain('nobody takes over');
    stage.a.controller.status = aHealthyCluster();
  });
  it('the keyboard goes anywhere by name, walks along rows, and says which keys there are', async () => {
    const page = await stage.open('/');
    await page.getByTestId('overview-health').waitFor();
    await page.keyboard.press('Control+k');
    await page.getByTestId('palette-input').fill('web one');
    await page.getByTestId('palette-option').filter({ hasText: 'web1' }).waitFor();
    expect(await axeFinds(page)).toEqual([]);
    await page.keyboard.press('Enter');
    await expect.poll(() => page.url()).toContain('/repository/node/web1');
    await page.keyboard.press('Control+k');
    await page.getByTestId('palette-input').fill('リポジトリ');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.url()).toMatch(/\/repository$/);
    await page.getByTestId('setting-row').nth(1).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe('web1');
    await page.keyboard.press('?');
    await expect.poll(() => page.getByTestId('key-help').textContent()).toContain('Next row, row before');
  });
  it('the page about the manager itself shows each value with its limit, and what to do', async () => {
    const page = await stage.open('/self');
    const row = page.locator('[data-testid=self-row][data-watch=database]').first();
    await row.waitFor();
    await row.getByRole('button').click();
    await expect.poll(() => row.textContent()).toContain('What to do');
    expect(await axeFinds(page)).toEqual([]);
    await page.getByTestId('self-text').fill('heap');
    await expect.poll(() => page.getByTestId('self-row').count()).toBe(1);
  });
  it.each([
    ['/', 'overview-page'],
    ['/status', 'status-page'],
    ['/self', 'self-page'],
  ])('on a telephone, dark and in Japanese, %s keeps to its width, and axe finds nothing', async (path, there) => {
    const page = await stage.open(path, { viewport: { width: 390, height: 844 }, colorScheme: 'dark', locale: 'ja-JP' });
    await page.getByTestId(there).waitFor();
    await page.getByTestId('cluster-strip').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    expect(await axeFinds(page)).toEqual([]);
    await shot(page, `telephone-${there}`);
    await page.context().close();
  });
  it('says nothing that it should not', () => expect(stage.problems).toEqual([]));
});

async function choose(page: Page, item: string): Promise<void> {
  await page.getByTestId('saved-filters').click();
  await page.getByTestId(item).click();
}
