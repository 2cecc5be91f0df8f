import { Button, createTheme, Loader, MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { BrowserRouter, Navigate, Route, Routes } from 'react-router';
import { api, isLoggedOut, isPassing } from './api/client.js';
import { LiveProvider } from './api/live.js';
import { backoffMs } from './api/reconnect.js';
import { Shell } from './components/shell.js';
import { ToastProvider } from './components/toasts.js';
import { setTimeZone } from './i18n/format.js';
import { LanguageProvider, useText } from './i18n/language.js';
import {
  AuditPage,
  CalendarsPage,
  CapacityPage,
  ClusterPage,
  DashboardPage,
  DashboardsPage,
  EventsPage,
  GraphsPage,
  InventoryPage,
  JobsPage,
  loadAllSoon,
  MessagesPage,
  MibsPage,
  MonitorsPage,
  NodeInventoryPage,
  NodePage,
  NotificationsPage,
  OverviewPage,
  ProfilePage,
  ReceivingPage,
  RepositoryPage,
  RetentionPage,
  SelfPage,
  StatusPage,
  UsersPage,
} from './pages/later.js';
import { Gate, LoginPage } from './pages/login.js';
import { FirstPasswordPage } from './pages/password.js';

const theme = createTheme({
  primaryColor: 'indigo',
  // White on it, and it on white, can be read: WCAG 2.2, 1.4.3.
  primaryShade: { light: 8, dark: 8 },
  fontFamily:
    'system-ui, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans JP", "Hiragino Sans", "Yu Gothic UI", Meiryo, IPAPGothic, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", "Noto Sans Mono CJK JP", monospace',
  defaultRadius: 'sm',
  // Mantine's own dark grey has no blue in it; the console's panels have.
  colors: {
    dark: ['#e4e8ee', '#c3cad4', '#9aa5b2', '#6f7a8a', '#434b58', '#303744', '#262c37', '#1c2028', '#171b22', '#14171d'],
  },
  components: { Modal: { styles: { title: { fontWeight: 650, fontSize: '1.05rem' } } } },
  headings: { fontWeight: '600' },
});

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (_count, error) => isPassing(error),
      retryDelay: (count) => backoffMs(count),
      // The browser's idea of "online" knows nothing of a take-over inside the house network.
      networkMode: 'always',
      refetchOnWindowFocus: false,
      staleTime: 5_000,
    },
    mutations: { networkMode: 'always' },
  },
});

function Pages() {
  const { t, setLanguage } = useText();
  const me = useQuery({ queryKey: ['me'], queryFn: ({ signal }) => api.me(signal), staleTime: 60_000, refetchInterval: 60_000 });
  const isIn = me.data !== undefined;
  const chosen = me.data?.language;
  // What the account says, at the login and when it is changed; the switch above is for now.
  useEffect(() => {
    if (chosen === 'en' || chosen === 'ja') setLanguage(chosen);
  }, [chosen, setLanguage]);
  useEffect(() => (isIn ? loadAllSoon() : undefined), [isIn]);
  // Logged out is what the manager says; a manager that says nothing is a take-over, and the page stays.
  if (isLoggedOut(me.error)) return <LoginPage />;
  if (me.data === undefined)
    return (
      <Gate>
        <p className="gate-waiting" role="status">
          {me.error === null ? <Loader size="sm" /> : null}
          {me.error === null ? t('app.connecting') : me.error.message}
        </p>
        {me.error !== null && <Button onClick={() => void me.refetch()}>{t('common.retry')}</Button>}
      </Gate>
    );
  if (me.data.mustChange) return <FirstPasswordPage />;
  // Before anything is drawn with a time in it.
  setTimeZone(me.data.timeZone);
  return (
    <LiveProvider>
      <Routes>
        <Route element={<Shell me={me.data} />}>
          <Route index element={<OverviewPage />} />
          <Route path="/users" element={<UsersPage />} />
          <Route path="/audit" element={<AuditPage />} />
          <Route path="/profile" element={<ProfilePage />} />
          <Route path="/self" element={<SelfPage />} />
          <Route path="/capacity" element={<CapacityPage />} />
          <Route path="/retention" element={<RetentionPage />} />
          <Route path="/cluster" element={<ClusterPage />} />
          <Route path="/events" element={<EventsPage />} />
          <Route path="/status" element={<StatusPage />} />
          <Route path="/jobs" element={<JobsPage />} />
          <Route path="/dashboards" element={<DashboardsPage />} />
          <Route path="/dashboards/:id" element={<DashboardPage />} />
          <Route path="/graphs" element={<GraphsPage />} />
          <Route path="/repository" element={<RepositoryPage />} />
          <Route path="/repository/node/:id" element={<NodePage />} />
          <Route path="/repository/node/:id/inventory" element={<NodeInventoryPage />} />
          <Route path="/inventory" element={<InventoryPage />} />
          <Route path="/monitors" element={<MonitorsPage />} />
          <Route path="/notifications" element={<NotificationsPage />} />
          <Route path="/calendars" element={<CalendarsPage />} />
          <Route path="/messages" element={<MessagesPage />} />
          <Route path="/receiving" element={<ReceivingPage />} />
          <Route path="/mibs" element={<MibsPage />} />
          <Route path="*" element={<Navigate to="/" replace />} />
        </Route>
      </Routes>
    </LiveProvider>
  );
}

export function App() {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <LanguageProvider>
        <QueryClientProvider client={queries}>
          <ToastProvider>
            <BrowserRouter>
              <Pages />
            </BrowserRouter>
          </ToastProvider>
        </QueryClientProvider>
      </LanguageProvider>
    </MantineProvider>
  );
}
