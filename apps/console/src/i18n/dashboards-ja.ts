import type { DashboardsKey } from './dashboards-en.js';

export const dashboardsJa: Readonly<Record<DashboardsKey, string>> = {
  'settingKind.dashboard': 'ダッシュボード',
  'function.dashboard': 'ダッシュボード',
};
