import 'reflect-metadata';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { aCommand, SETTINGS } from './jobs-data.js';
import { type JobsStage, jobsStage } from './jobs-stage.js';
import { FOUR_WAYS, seenIn } from './looks.js';
import { axeFinds, hasBrowser, shot } from './stage.js';

const soon = { timeout: 60_000, interval: 200 };
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true };
const [ON_A_DESK, ON_CALL] = [FOUR_WAYS.filter(({ width }) => width === 1440), FOUR_WAYS.filter(({ width }) => width === 390)];
const DARK_JAPANESE = { locale: 'ja-JP', colorScheme: 'dark' as const };

// Two dozens of pages in several looks each: many times what it takes, for a machine that others share.
describe.skipIf(!hasBrowser())('the console’s job pages', { timeout: 400_000 }, () => {
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
  }, 600_000);
  afterAll(() => stage?.close());

  const jobIs = async (session: string, job: string, state: string) =>
    await vi.waitFor(async () => {
      const { jobs } = await stage.call('GET', `/job-sessions/${session}`);
      expect(jobs.find((each: { job: string }) => each.job === job)?.state).toBe(state);
    }, soon);
  /** In all that a page is to look well in. */
  const everywhere = async (name: string, path: string, ready: (page: Page) => Promise<unknown>, isOnCall: boolean) => {
    const seen: string[] = [];
    for (const [ways, options] of isOnCall ? [[ON_A_DESK, {}] as const, [ON_CALL, PHONE] as const] : [[ON_A_DESK, {}] as const]) {
      const page = await stage.open(path, options);
      await ready(page);
      seen.push(...(await seenIn(page, name, ways)));
      await page.context().close();
    }
    expect(seen).toEqual([]);
  };
  const box = (page: Page, job: string) => page.locator(`[data-testid=graph-box][data-job="${job}"]`);

  it('a unit gets a job that is connected by keys, its mistakes are told, steps are undone, and it is saved after its difference was seen', async () => {
    const page = await stage.open('/jobs?view=units&unit=report');
    await box(page, 'report').waitFor();
    await page.getByTestId('unit-add').click();
    await page.getByTestId('unit-add-command').click();
    await page.getByTestId('unit-mistakes').waitFor();
    await page.getByTestId('field-facility').fill('batch1');
    await page.getByTestId('field-command').fill('echo sent');
    await page.getByTestId('job-id').fill('send');
    await box(page, 'send').waitFor();
    await page.getByTestId('unit-mistakes').waitFor({ state: 'detached' });
    await box(page, 'report').focus();
    await page.keyboard.press('c');
    await box(page, 'send').focus();
    await page.keyboard.press('Enter');
    const edge = page.locator('[data-testid=graph-edge][data-from=report][data-to=send]');
    await edge.waitFor({ state: 'attached' });
    await page.getByTestId('unit-undo').click();
    await edge.waitFor({ state: 'detached' });
    await page.getByTestId('unit-redo').click();
    await edge.waitFor({ state: 'attached' });
    expect(new URL(page.url()).searchParams.get('job')).toBe('send');
    // What was begun outlives the page.
    await page.reload();
    await edge.waitFor({ state: 'attached' });
    await page.getByTestId('unit-save-open').click();
    await page.getByTestId('unit-differences').filter({ hasText: 'send' }).waitFor();
    expect(await axeFinds(page)).toEqual([]);
    await shot(page, 'unit-save');
    await page.getByTestId('unit-save-do').click();
    await page.getByTestId('toast-unit-saved').waitFor();
    const { revision, body } = await stage.call('GET', '/settings/job-unit/report');
    expect([revision, body.jobs[1].id, body.jobs[1].command]).toEqual([2, 'send', 'echo sent']);
    expect(body.jobs[1].wait.groups[0].conditions).toEqual([{ kind: 'end-status', job: 'report', status: ['normal'] }]);
    await page.context().close();
  });

  it('whoever was slower is told of it, keeps what was typed, and saves it upon the other one’s', async () => {
    const page = await stage.open('/jobs?view=units&unit=broken&tab=unit');
    await page.getByTestId('unit-name').fill('Mine');
    await page.getByTestId('unit-save-open').click();
    await page.getByTestId('unit-differences').filter({ hasText: 'Mine' }).waitFor();
    const { revision, body, ...others } = await stage.call('GET', '/settings/job-unit/broken');
    const { description, enabled, ownerRole } = others;
    const theirs = { description, enabled, ownerRole, body: { ...body, keepDays: 7 } };
    await stage.call('PUT', '/settings/job-unit/broken', theirs, { 'if-match': `"${revision}"` });
    // The page looks for itself now and then: what was begun to be saved is refused all the same.
    await page.getByTestId('unit-save-do').click();
    await page.getByTestId('unit-save-error').waitFor();
    await page.keyboard.press('Escape');
    await page.getByTestId('unit-conflict').waitFor();
    expect(await page.getByTestId('unit-name').inputValue()).toBe('Mine');
    expect(await axeFinds(page)).toEqual([]);
    await shot(page, 'unit-conflict');
    await page.getByTestId('unit-keep-mine').click();
    await page.getByTestId('unit-save-open').click();
    await page.getByTestId('unit-save-do').click();
    await page.getByTestId('toast-unit-saved').waitFor();
    expect((await stage.call('GET', '/settings/job-unit/broken')).body.name).toBe('Mine');
    await page.context().close();
  });

  it('a text of YAML becomes the unit, as a step that can be undone', async () => {
    const page = await stage.open('/jobs?view=units&unit=night&tab=yaml');
    const text = page.getByTestId('unit-yaml-text');
    await text.waitFor();
    await text.fill((await text.inputValue()).replace('name: Collect slips', 'name: Collect all slips'));
    await page.getByTestId('unit-yaml-take').click();
    await page.getByTestId('unit-changed').waitFor();
    await page.getByTestId('unit-tabs').getByText('Graph', { exact: true }).click();
    await box(page, 'collect').filter({ hasText: 'Collect all slips' }).waitFor();
    await page.getByTestId('unit-undo').click();
    await page.getByTestId('unit-changed').waitFor({ state: 'detached' });
    await page.context().close();
  });

  it('a job is released on the map, which shows it as it runs and ends', async () => {
    const page = await stage.open(`/jobs?session=${night}&show=map`);
    await box(page, 'backup').filter({ hasText: 'Held' }).click();
    await page.getByTestId('map-panel').getByTestId('job-operations').click();
    await page.getByTestId('operation-release-hold').click();
    await page.getByTestId('operate-do').click();
    await box(page, 'backup').filter({ hasText: 'Ended · Normal' }).waitFor();
    await page.getByTestId('job-outputs').filter({ hasText: '12 slips' }).waitFor();
    await box(page, 'load').dblclick();
    await box(page, 'load-east').waitFor();
    expect(new URL(page.url()).searchParams.get('in')).toBe('load');
    await page.context().close();
  });

  it('a unit is begun by hand, with what its trigger asks for, and is one session', async () => {
    const page = await stage.open('/jobs');
    await page.getByTestId('jobs-run').click();
    await page.getByTestId('start-unit').fill('night');
    await page.keyboard.press('Escape');
    await page.getByTestId('start-trigger').click();
    await page.getByRole('option', { name: 'by-hand' }).click();
    const branch = page.getByTestId('start-dialog').getByLabel('BRANCH');
    await expect.poll(() => branch.inputValue()).toBe('7');
    await branch.fill('12');
    expect(await axeFinds(page)).toEqual([]);
    await shot(page, 'start');
    await page.getByTestId('start-begin').dblclick();
    await page.getByTestId('toast-begun').first().waitFor();
    expect(await page.getByTestId('toast-begun').count()).toBe(1);
    await vi.waitFor(() => expect(new URL(page.url()).searchParams.get('session')).not.toBeNull(), soon);
    const session = new URL(page.url()).searchParams.get('session');
    const found = await stage.call('GET', '/job-sessions?unit=night');
    const begun = found.rows.filter(({ trigger }: { trigger: { id: string } }) => trigger.id === 'by-hand');
    expect(begun.map((row: { id: string }) => row.id)).toEqual([session]);
    expect((await stage.call('GET', `/job-sessions/${session}`)).variables.BRANCH).toBe('12');
    // What is asked in it is asked by then: whoever counts approvals after this one counts it, too.
    await jobIs(session!, 'release', 'running');
    await page.context().close();
  });

  it('what waits for me is approved by keys, with a comment', async () => {
    const page = await stage.open('/jobs?view=approvals', PHONE);
    const waiting = page.getByTestId('approval');
    await waiting.first().waitFor();
    const before = await waiting.count();
    const session = /\d{14}-\d{3}/.exec((await waiting.first().textContent()) ?? '')?.[0] ?? '';
    await page.keyboard.press('a');
    await page.getByTestId('operate-comment').fill('totals agree');
    await page.keyboard.press('Enter');
    await page.getByTestId('toast-operated').waitFor();
    await vi.waitFor(async () => expect(await waiting.count()).toBe(before - 1), soon);
    await jobIs(session, 'release', 'ended');
    const { lines } = await stage.call('GET', `/job-sessions/${session}/history?limit=500`);
    expect(lines.some(({ job, by }: { job: string; by: string | null }) => job === 'release' && by === 'admin')).toBe(true);
    await page.context().close();
  });

  it('the axis of time is zoomed and opened by keys, and its table says the same', async () => {
    const page = await stage.open('/jobs?view=gantt');
    const rows = page.getByTestId('gantt-row');
    await rows.first().waitFor();
    await page.locator('[data-gantt="unit night"]').focus();
    await page.keyboard.press('ArrowRight');
    await page.locator(`[data-row="session ${night}"]`).waitFor();
    await page.locator(`[data-gantt="session ${night}"]`).focus();
    await page.keyboard.press('ArrowRight');
    await page.locator(`[data-row="job ${night} collect"]`).waitFor();
    await page.keyboard.press('+');
    await vi.waitFor(() => expect(new URL(page.url()).searchParams.get('from')).not.toBeNull(), soon);
    await shot(page, 'gantt-open');
    await page.locator('[data-testid=gantt-bar][data-state=planned]').first().waitFor();
    await page.getByTestId('gantt-how').getByText('Table', { exact: true }).click();
    await page.getByTestId('gantt-table-row').filter({ hasText: 'collect' }).first().waitFor();
    await page.context().close();
  });

  it.each([
    ['sessions', '/jobs', 'session-row', true],
    ['approvals', '/jobs?view=approvals', 'approval', true],
    ['gantt', '/jobs?view=gantt', 'gantt-bar', true],
    ['gantt-table', '/jobs?view=gantt&as=table', 'gantt-table-row', true],
    ['plan', '/jobs?view=plan&days=7', 'plan-row', true],
    ['queues', '/jobs?view=queues', 'queued-job', true],
    ['units', '/jobs?view=units', 'tree-row', true],
    ['unit', '/jobs?view=units&unit=night&job=check', 'job-form', false],
    ['unit-settings', '/jobs?view=units&unit=night&tab=unit', 'unit-form', false],
    ['unit-yaml', '/jobs?view=units&unit=night&tab=yaml', 'unit-yaml-text', false],
    ['triggers', '/jobs?view=triggers', 'setting-row', true],
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
    const page = await stage.open(`/jobs?session=${broken}&show=history`, DARK_JAPANESE);
    const said = page.getByTestId('history-line').locator(':scope > :last-child');
    await said.first().waitFor();
    expect((await said.allTextContents()).filter((text) => !/[ぁ-んァ-ヶ一-龠]/.test(text))).toEqual([]);
    await page.context().close();
  });

  it('no page said anything that it should not have', () => expect(stage.problems).toEqual([]));
});
