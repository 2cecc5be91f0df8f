import { ActionIcon, Badge, Menu, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { Link, NavLink, Outlet, useLocation } from 'react-router';
import { api, type Me } from '../api/client.js';
import { useCluster, useLink, useLinkState } from '../api/live.js';
import { type KnownMaster, masterChange, masterOf } from '../api/master-change.js';
import { maySee } from '../api/rights.js';
import { useText } from '../i18n/language.js';
import type { Language } from '../i18n/translate.js';
import { PasswordDialog } from '../pages/password.js';
import { ReconnectBanner } from './banner.js';
import { ClusterStrip } from './cluster-strip.js';
import { Logo, MoonIcon, SunIcon, UserIcon } from './icons.js';
import { MENU } from './menu.js';
import { PAGES } from './page-list.js';
import { ShellKeys } from './shell-keys.js';
import { useToast } from './toasts.js';

/** Somebody answered a question while the stream still waits for its next attempt: attempt now. */
function useNudge(): void {
  const link = useLink();
  const { heardAtMs } = useCluster();
  useEffect(() => {
    if (heardAtMs > 0) link.nudge();
  }, [link, heardAtMs]);
}

/** Says it once, whichever page is open. */
function useMasterToast(): void {
  const { t } = useText();
  const toast = useToast();
  const { status } = useCluster();
  const remembered = useRef<KnownMaster | null>(null);
  useEffect(() => {
    const { known, announce } = masterChange(remembered.current, masterOf(status));
    remembered.current = known;
    if (announce && known !== null)
      toast({ text: t('toast.master', { master: known.name, epoch: known.epoch }), tone: 'good', testId: 'toast-master' });
  }, [status, t, toast]);
}

const LANGUAGE_NAMES: readonly (readonly [Language, string])[] = [
  ['ja', '日本語'],
  ['en', 'English'],
];

/** On the first page, too: nothing here measures the page before it is drawn. */
export function LanguageSwitch() {
  const { language, setLanguage, t } = useText();
  return (
    <fieldset className="language-switch" data-testid="language-switch">
      <legend className="hidden">{t('header.language')}</legend>
      {LANGUAGE_NAMES.map(([one, name]) => (
        <button
          key={one}
          type="button"
          lang={one}
          aria-pressed={one === language}
          onClick={() => setLanguage(one)}
          data-testid={`language-${one}`}
        >
          {name}
        </button>
      ))}
    </fieldset>
  );
}

export function SchemeSwitch() {
  const { t } = useText();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light');
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      aria-label={t('header.scheme')}
      title={t('header.scheme')}
      data-testid="scheme-switch"
      onClick={() => setColorScheme(scheme === 'dark' ? 'light' : 'dark')}
    >
      {scheme === 'dark' ? <SunIcon /> : <MoonIcon />}
    </ActionIcon>
  );
}

function MasterChip() {
  const { t } = useText();
  const { status } = useCluster();
  if (status === undefined) return null;
  return (
    <div className="master-chip">
      <span className="dim">{t('header.master')}</span>
      <strong data-testid="master-name">{status.master ?? t('header.noMaster')}</strong>
      <span className="dim" data-testid="header-epoch">
        {t('header.epoch', { epoch: status.epoch })}
      </span>
    </div>
  );
}

function LinkBadge() {
  const { t } = useText();
  const state = useLinkState();
  const live = state.kind === 'open' && state.lostAtMs === null;
  const hello = state.kind === 'open' ? state.hello : null;
  return (
    <Badge
      variant="dot"
      color={live ? 'teal' : 'yellow'}
      size="lg"
      className="link-badge"
      data-testid="link-state"
      title={hello === null ? undefined : t('header.liveHint', { node: hello.node, mode: hello.mode })}
    >
      {t(live ? 'header.live' : 'header.offline')}
    </Badge>
  );
}

function useLogout(): () => Promise<void> {
  const client = useQueryClient();
  return useCallback(async () => {
    // Whatever the manager answers, this page shows nothing more: `me` decides what comes next.
    await api.logout().catch(() => undefined);
    client.removeQueries({ predicate: (query) => query.queryKey[0] !== 'me' });
    await client.resetQueries({ queryKey: ['me'] });
  }, [client]);
}

interface UserMenuProps {
  readonly me: Me;
  readonly onChangePassword: () => void;
  readonly onLogout: () => void;
}

function UserMenu({ me, onChangePassword, onLogout }: UserMenuProps) {
  const { t } = useText();
  return (
    <Menu position="bottom-end" withArrow {...MENU}>
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          aria-label={t('header.user', { login: me.login })}
          data-testid="user-menu"
        >
          <UserIcon />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {me.login} · {t('header.role', { role: me.roles.join(', ') })}
        </Menu.Label>
        {me.id !== null && (
          <Menu.Item component={Link} to="/profile" data-testid="profile-link">
            {t('header.profile')}
          </Menu.Item>
        )}
        {me.source === 'local' && <Menu.Item onClick={onChangePassword}>{t('header.changePassword')}</Menu.Item>}
        <Menu.Item data-testid="logout" onClick={onLogout}>
          {t('header.logout')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** A column beside the page; on a narrow screen a row that can be pushed sideways. */
function Pages({ me }: { readonly me: Me }) {
  const { t } = useText();
  const { pathname } = useLocation();
  const nav = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page is another active link, and another language another width.
  useEffect(() => {
    const row = nav.current;
    const active = row?.querySelector<HTMLElement>('a.active') ?? null;
    if (row === null || active === null) return;
    // Also when a screen is turned and the column becomes a row.
    const observer = new ResizeObserver(() => {
      row.scrollLeft = active.offsetLeft - 60;
    });
    observer.observe(row);
    return () => observer.disconnect();
  }, [pathname, t]);
  return (
    <nav aria-label={t('nav.label')} className="nav" ref={nav}>
      {PAGES.map(([group, pages]) => (
        <div key={group} className="nav-group">
          <span className="nav-title" aria-hidden="true">
            {t(`nav.group.${group}`)}
          </span>
          {pages
            .filter((page) => maySee(me.grants, page))
            .map((page) => (
              <NavLink
                key={page}
                to={page === 'overview' ? '/' : `/${page}`}
                end={page === 'overview'}
                data-testid={`nav-${page}`}
              >
                {t(`nav.${page}`)}
              </NavLink>
            ))}
        </div>
      ))}
    </nav>
  );
}

/** A wall display has no use for what leads elsewhere; the strip stays, for it tells of the next fault and of a take-over. */
function useKiosk(): boolean {
  const { pathname, search } = useLocation();
  return pathname.startsWith('/dashboards/') && new URLSearchParams(search).get('kiosk') === '1';
}

export function Shell({ me }: { readonly me: Me }) {
  const { t } = useText();
  const isKiosk = useKiosk();
  const [changing, setChanging] = useState(false);
  const logout = useLogout();
  const changePassword = useCallback(() => setChanging(true), []);
  const leave = useCallback(() => void logout(), [logout]);
  useMasterToast();
  useNudge();
  return (
    <div className={isKiosk ? 'shell kiosk' : 'shell'}>
      <a className="skip" href="#content">
        {t('app.skip')}
      </a>
      <header className="header">
        <Logo />
        <span className="brand">{t('app.title')}</span>
        <ShellKeys onChangePassword={changePassword} onLogout={leave} />
        <span className="grow" />
        <MasterChip />
        <LinkBadge />
        <LanguageSwitch />
        <SchemeSwitch />
        <UserMenu me={me} onChangePassword={changePassword} onLogout={leave} />
      </header>
      <PasswordDialog opened={changing} onClose={() => setChanging(false)} />
      <div className="frame">
        <Pages me={me} />
        <div className="frame-main">
          <div className="strip-place">
            <ClusterStrip />
            <ReconnectBanner />
          </div>
          <main id="content" tabIndex={-1} className="content">
            <Outlet />
          </main>
        </div>
      </div>
    </div>
  );
}
