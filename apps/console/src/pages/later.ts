import { later, loadAll } from '../components/arriving.js';

/** After the first page is there and quiet. */
const SOON_MS = 3_000;

/** All pages, while nothing else is to do: one that is opened when nobody serves is there already. Returns how to call it off. */
export function loadAllSoon(): () => void {
  const timer = setTimeout(loadAll, SOON_MS);
  return () => clearTimeout(timer);
}

/** Before it is known who looks at it; whoever wants the page has it sooner, and asks again where this failed. */
export function loadFirst(path: string): void {
  if (path === '/') OverviewPage.ahead();
}

export const OverviewPage = later(() => import('./overview.js'), 'OverviewPage');
export const UsersPage = later(() => import('./users.js'), 'UsersPage');
export const AuditPage = later(() => import('./audit.js'), 'AuditPage');
export const ProfilePage = later(() => import('./profile.js'), 'ProfilePage');
export const SelfPage = later(() => import('./self.js'), 'SelfPage');
export const CapacityPage = later(() => import('./capacity.js'), 'CapacityPage');
export const RetentionPage = later(() => import('./retention.js'), 'RetentionPage');
export const ClusterPage = later(() => import('./cluster.js'), 'ClusterPage');
export const MessagesPage = later(() => import('./messages.js'), 'MessagesPage');
export const ReceivingPage = later(() => import('./receiving.js'), 'ReceivingPage');
export const MibsPage = later(() => import('./mibs.js'), 'MibsPage');
export const EventsPage = later(() => import('./events.js'), 'EventsPage');
export const StatusPage = later(() => import('./status.js'), 'StatusPage');
export const JobsPage = later(() => import('./jobs.js'), 'JobsPage');
export const DashboardsPage = later(() => import('./dashboards.js'), 'DashboardsPage');
export const DashboardPage = later(() => import('./dashboard.js'), 'DashboardPage');
export const GraphsPage = later(() => import('./graphs.js'), 'GraphsPage');
export const RepositoryPage = later(() => import('./repository.js'), 'RepositoryPage');
export const NodePage = later(() => import('./repository-node.js'), 'NodePage');
export const NodeInventoryPage = later(() => import('./inventory-node.js'), 'NodeInventoryPage');
export const InventoryPage = later(() => import('./inventory.js'), 'InventoryPage');
export const MonitorsPage = later(() => import('./monitors.js'), 'MonitorsPage');
export const NotificationsPage = later(() => import('./notifications.js'), 'NotificationsPage');
export const CalendarsPage = later(() => import('./calendars.js'), 'CalendarsPage');
