import type { AccessFunction, AccessMode, Me as MeAnswer } from '@yosugara/protocol';

/** Pages and the function that they show something of. A page that is not here is everybody's. */
export const PAGE_NEEDS = {
  overview: 'event',
  events: 'event',
  status: 'event',
  dashboards: 'dashboard',
  graphs: 'graph',
  messages: 'message',
  jobs: 'job',
  repository: 'repository',
  monitors: 'monitor',
  notifications: 'notification',
  calendars: 'calendar',
  maintenance: 'maintenance',
  cluster: 'cluster',
  self: 'cluster',
  capacity: 'cluster',
  retention: 'cluster',
  receiving: 'message',
  mibs: 'mib',
  users: 'access',
  audit: 'audit',
} as const satisfies Readonly<Record<string, AccessFunction>>;

export type Grants = MeAnswer['grants'];

/** What the manager said is allowed; it has the last word whatever a page shows. */
export const mayWith = (grants: Grants, what: AccessFunction, mode: AccessMode): boolean => grants[what]?.includes(mode) === true;

export function maySee(grants: Grants, page: string): boolean {
  const needs = Object.hasOwn(PAGE_NEEDS, page) ? PAGE_NEEDS[page as keyof typeof PAGE_NEEDS] : undefined;
  return needs === undefined || mayWith(grants, needs, 'read');
}
