/** Texts of dashboards and of their widgets. */
export const dashboardsEn = {
  'settingKind.dashboard': 'Dashboard',
  'function.dashboard': 'Dashboards',
} as const;
export type DashboardsKey = keyof typeof dashboardsEn;
