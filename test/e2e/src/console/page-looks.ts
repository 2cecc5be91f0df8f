import type { Page } from 'playwright-core';
import { FOUR_WAYS, TWO_WAYS, type Way } from './looks.js';

/** One state of a page that is worth a look. */
export interface PageLook {
  /** As the column beside the page knows it (`page-list.ts`); null: nothing there leads to it. */
  readonly page: string | null;
  readonly name: string;
  readonly path: string;
  /** There when the page has what it shows. */
  readonly ready: string;
  /** What is opened then. */
  readonly open?: (page: Page) => Promise<unknown>;
  readonly ways: readonly Way[];
}

const look = (page: PageLook['page'], path: string, ready: string, more: Partial<PageLook> = {}): PageLook => ({
  ...{ page, name: page ?? 'page', path, ready, ways: FOUR_WAYS },
  ...more,
});
/** What is opened over a page that is seen by itself. */
const over = (name: string, path: string, ready: string, open: NonNullable<PageLook['open']>): PageLook =>
  look(null, path, ready, { name, open, ways: TWO_WAYS });
const click = (id: string, then: string) => async (page: Page) => {
  await page.getByTestId(id).first().click();
  await page.getByTestId(then).first().waitFor();
};

/** Out of the menu of the cluster's page. */
const governed = (what: string) => async (page: Page) => {
  await click('govern', `govern-${what}`)(page);
  await click(`govern-${what}`, 'govern-dialog')(page);
};

export const PAGE_LOOKS: readonly PageLook[] = [
  look('overview', '/', 'health-row'),
  look('dashboards', '/dashboards', 'dashboards-page'),
  look('dashboards', '/dashboards/night', 'dashboard-page', { name: 'dashboard' }),
  look('events', '/events', 'event-row'),
  look('events', '/events', 'event-row', { name: 'event', open: click('event-row', 'event-original') }),
  look('events', '/events?text=nothing-like-it', 'events-page', { name: 'events-none' }),
  look('status', '/status', 'status-row'),
  look('graphs', '/graphs?range=6h', 'line-chart'),
  look('graphs', '/graphs?range=6h&shape=baseline', 'line-chart', { name: 'graphs-baseline', ways: TWO_WAYS }),
  look('graphs', '/graphs?range=6h&shape=pie', 'pie-chart', { name: 'graphs-pie', ways: TWO_WAYS }),
  look('graphs', '/graphs?range=6h&shape=scatter', 'scatter-chart', { name: 'graphs-scatter', ways: TWO_WAYS }),
  look('messages', '/messages', 'message-row', { name: 'messages-live' }),
  look('messages', '/messages?mode=search&text=disk', 'message-row', {
    name: 'messages-search',
    open: click('message-row', 'message-detail'),
  }),
  look('jobs', '/jobs', 'jobs-page', { name: 'jobs-none' }),
  look('repository', '/repository', 'setting-row'),
  look('repository', '/repository/node/web1', 'node-events', { name: 'node' }),
  look('repository', '/repository/node/web1/inventory', 'inventory-change', { name: 'inventory' }),
  look('repository', '/inventory?asked=1&contains=ssl', 'found-row', { name: 'inventory-search' }),
  look('repository', '/repository', 'setting-row', { name: 'import', open: click('import-open', 'import-text') }),
  look('monitors', '/monitors', 'setting-row'),
  look('monitors', '/monitors?id=disks', 'setting-save', { name: 'monitor' }),
  look('monitors', '/monitors?id=ports', 'setting-save', {
    name: 'monitor-run',
    open: click('run-monitor-go', 'run-monitor-result'),
    ways: TWO_WAYS,
  }),
  look('notifications', '/notifications', 'setting-row'),
  look('notifications', '/notifications?id=events', 'setting-save', { name: 'notification' }),
  look('notifications', '/notifications?id=events', 'setting-save', {
    name: 'notification-tested',
    open: click('test-notification-go', 'test-notification-result'),
    // On a telephone the foot lies over fields of the form where it is scrolled to; `notification` looks at those.
    ways: TWO_WAYS.slice(0, 1),
  }),
  look('calendars', '/calendars', 'setting-row'),
  look('calendars', '/calendars?id=office', 'setting-save', { name: 'calendar' }),
  look('cluster', '/cluster', 'topology'),
  look('cluster', '/cluster', 'topology', { name: 'switchover', open: click('switchover-button', 'switchover-confirm') }),
  look('cluster', '/cluster?takeover=7', 'take-over-links', { name: 'take-over' }),
  ...['maintenance', 'pause', 'drill'].map((what) => over(`cluster-${what}`, '/cluster', 'topology', governed(what))),
  look('self', '/self', 'self-row'),
  look('capacity', '/capacity', 'capacity-page'),
  look('retention', '/retention', 'kept'),
  look('retention', '/retention', 'kept', { name: 'clean-up', open: click('clean-events', 'clean-up-dialog') }),
  look('receiving', '/receiving', 'source-row'),
  look('mibs', '/mibs', 'mib-row', { open: async (page) => await page.locator('.expander').first().click() }),
  look('users', '/users', 'user-row'),
  look('users', '/users?tab=roles', 'role-row', { name: 'roles' }),
  look('users', '/users?tab=roles', 'role-row', { name: 'role', open: click('role-new', 'role-form') }),
  over('user', '/users', 'user-row', click('user-new', 'user-form')),
  look('audit', '/audit', 'audit-row'),
  look(null, '/profile', 'profile-form', { name: 'profile' }),
  over('palette', '/', 'health-row', click('palette-open', 'palette-input')),
  over('keys', '/events', 'event-row', async (page) => {
    await page.keyboard.press('?');
    await page.getByTestId('key-help').waitFor();
  }),
  over('filters', '/events', 'event-row', click('saved-filters', 'filter-save-as')),
  over('monitor-new', '/monitors', 'setting-row', click('setting-new', 'setting-save')),
  look('mibs', '/mibs', 'mib-row', { name: 'mib-delete', open: click('mib-delete', 'mib-delete-dialog'), ways: TWO_WAYS }),
  // The last one: from there nobody is logged in.
  look(null, '/', 'health-row', {
    name: 'login',
    open: async (page) => {
      await page.context().clearCookies();
      await page.reload();
      await page.getByTestId('login-form').waitFor();
    },
  }),
];
