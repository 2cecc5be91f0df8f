import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { useLocation, useNavigate } from 'react-router';
import { useText } from '../i18n/language.js';
import { later } from './arriving.js';
import { SearchIcon } from './icons.js';
import { KeyHelp } from './key-help.js';
import { type KeyLine, showKeys, useShownKeys } from './key-registry.js';
import type { PaletteAction } from './palette.js';
import { useKeys } from './use-keys.js';
import { useRowKeys } from './use-row-keys.js';

const EVERYWHERE: readonly KeyLine[] = [
  ['Ctrl+K', '⌘K', 'keys.palette'],
  ['j', 'k', 'keys.rows'],
  ['Enter', '', 'keys.openRow'],
  ['/', '', 'keys.search'],
  ['?', '', 'keys.help'],
];

const Palette = later(() => import('./palette.js'), 'Palette', null);

/** Ctrl-K, or Cmd-K, wherever the focus is: also in a field. */
function usePaletteKey(open: () => void): void {
  useEffect(() => {
    const press = (event: globalThis.KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
      event.preventDefault();
      open();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [open]);
}

interface ShellKeysProps {
  readonly onChangePassword: () => void;
  readonly onLogout: () => void;
}

/** What the keyboard does on every page: the palette, walking along rows, and the help that lists it all. */
export function ShellKeys({ onChangePassword, onLogout }: ShellKeysProps) {
  const { t, language, setLanguage } = useText();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light');
  const { isShown, ofPage } = useShownKeys();
  const [isOpen, setOpen] = useState(false);
  const close = useCallback(() => setOpen(false), []);
  usePaletteKey(useCallback(() => setOpen((before) => !before), []));
  useRowKeys();
  useKeys({ '?': () => showKeys(true), '/': () => document.querySelector<HTMLInputElement>('main search input')?.focus() });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page is another help.
  useEffect(() => showKeys(false), [pathname]);
  const actions = useMemo(
    (): readonly PaletteAction[] => [
      { id: 'new-node', label: 'palette.newNode', run: () => void navigate('/repository?new=node') },
      { id: 'new-monitor', label: 'palette.newMonitor', run: () => void navigate('/monitors?id=%2B') },
      { id: 'open-critical', label: 'palette.criticalEvents', run: () => void navigate('/events?priority=critical') },
      { id: 'language', label: 'palette.language', run: () => setLanguage(language === 'ja' ? 'en' : 'ja') },
      { id: 'scheme', label: 'palette.scheme', run: () => setColorScheme(scheme === 'dark' ? 'light' : 'dark') },
      { id: 'keys', label: 'keys.title', run: () => showKeys(true) },
      { id: 'password', label: 'header.changePassword', run: onChangePassword },
      { id: 'logout', label: 'header.logout', run: onLogout },
    ],
    [navigate, language, setLanguage, scheme, setColorScheme, onChangePassword, onLogout],
  );
  return (
    <>
      <button
        type="button"
        className="palette-open"
        onClick={() => setOpen(true)}
        title={t('palette.title')}
        data-testid="palette-open"
      >
        <SearchIcon /> <span className="palette-word">{t('palette.open')}</span> <kbd className="only-wide">Ctrl K</kbd>
      </button>
      {isOpen && <Palette actions={actions} onClose={close} />}
      <KeyHelp opened={isShown} onClose={() => showKeys(false)} keys={ofPage} everywhere={EVERYWHERE} />
    </>
  );
}
