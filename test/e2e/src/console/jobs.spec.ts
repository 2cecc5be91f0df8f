import 'reflect-metadata';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { aCommand, SETTINGS } from './jobs-data.js';
import { type JobsStage, jobsStage } from './jobs-stage.js';
import { axeFinds, hasBrowser, shot } from './stage.js';

const soon = { timeout: 20_000, interval: 100 };
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true };
const DARK_JAPANESE = { locale: 'ja-JP', colorScheme: 'dark' as const };

describe.skipIf(!hasBrowser())('the console’s job pages', () => {
  let stage: JobsStage;
  let night: string;
  let broken: string;

  beforeAll(async () => {
    stage = await jobsStage(92, ['batch1'], aCommand);
    await stage.call('POST', '/settings/import', { documents: SETTINGS.map(([kind, id, body]) => ({ kind, id, body })) });
    await vi.waitFor(async () => void (night = await stage.start('night', { request: 'night-of-the-spec' })), soon);
    broken = await stage.start('broken');
    for (let run = 0; run < 3; run++) await stage.start('report');
    await jobIs(night, 'release', 'running');
    await jobIs(broken, 'repair', 'ended');
  });
  afterAll(() => stage?.close());

  const jobIs = async (session: string, job: string, state: string) =>
    await vi.waitFor(async () => {
      const { jobs } = await stage.call('GET', `/job-sessions/${session}`);
      expect(jobs.find((each: { job: string }) => each.job === job)?.state).toBe(state);
    }, soon);
  /** In all that a page is to look well in. */
  const everywhere = async (name: string, path: string, ready: (page: Page) => Promise<unknown>, isOnCall: boolean) => {
    const ways = [
      ['light-en', {}],
      ['dark-ja', DARK_JAPANESE],
      ...(isOnCall
        ? ([
            ['phone-en', PHONE],
            ['phone-dark-ja', { ...PHONE, ...DARK_JAPANESE }],
          ] as const)
        : []),
    ] as const;
    const seen: string[] = [];
    for (const [way, options] of ways) {
      const page = await stage.open(path, options);
      await ready(page);
      const finds = await axeFinds(page);
      await shot(page, `${name}-${way}`);
      seen.push(...finds.map((find) => `${way}: ${find}`));
      const isTooWide = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
      if (isTooWide === true) seen.push(`${way}: wider than the screen`);
      await page.context().close();
    }
    expect(seen).toEqual([]);
  };
  const box = (page: Page, job: string) => page.locator(`[data-testid=graph-box][data-job="${job}"]`);

  it.each([
    ['sessions', '/jobs', 'session-row', true],
    ['approvals', '/jobs?view=approvals', 'approval', true],
    ['gantt', '/jobs?view=gantt', 'gantt-bar', false],
    ['gantt-table', '/jobs?view=gantt&as=table', 'gantt-table-row', false],
    ['plan', '/jobs?view=plan&days=7', 'plan-row', false],
    ['queues', '/jobs?view=queues', 'queued-job', false],
    ['units', '/jobs?view=units', 'tree-row', false],
    ['unit', '/jobs?view=units&unit=night&job=check', 'job-form', false],
    ['unit-settings', '/jobs?view=units&unit=night&tab=unit', 'unit-form', false],
    ['unit-yaml', '/jobs?view=units&unit=night&tab=yaml', 'unit-yaml-text', false],
    ['triggers', '/jobs?view=triggers', 'setting-row', false],
    ['trigger', '/jobs?view=triggers&id=nightly', 'trigger-times', false],
    ['queue', '/jobs?view=queue-settings&id=loaders', 'field-concurrency', false],
  ] as const)('%s look well in both languages and themes, and axe finds nothing', async (name, path, ready, isOnCall) => {
    await everywhere(name, path, async (page) => await page.getByTestId(ready).first().waitFor(), isOnCall);
  });

  it('the map of a session looks well, too', async () => {
    await everywhere(
      'map',
      `/jobs?session=${night}&show=map&job=release`,
      async (page) => await page.getByTestId('map-panel').waitFor(),
      true,
    );
    await everywhere(
      'map-of-broken',
      `/jobs?session=${broken}&show=map`,
      async (page) => await box(page, 'repair').waitFor(),
      false,
    );
    await everywhere(
      'history',
      `/jobs?session=${broken}&show=history`,
      async (page) => await page.getByTestId('history-line').first().waitFor(),
      false,
    );
  });
});
