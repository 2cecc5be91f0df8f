/** As the column beside the page shows them. */
export const PAGES = [
  ['watch', ['overview', 'dashboards', 'events', 'status', 'graphs', 'messages', 'jobs']],
  ['settings', ['repository', 'monitors', 'notifications', 'calendars']],
  ['manager', ['cluster', 'self', 'capacity', 'retention', 'receiving', 'mibs', 'users', 'audit']],
] as const;
