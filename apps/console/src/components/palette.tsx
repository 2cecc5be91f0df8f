import '../operations.js';
import { Modal } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { FUNCTION_OF_KIND, type SettingKind } from '@yosugara/protocol';
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import { useNavigate } from 'react-router';
import { maySee } from '../api/rights.js';
import { settingsApi } from '../api/settings.js';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { DICTIONARIES, type TextKey } from '../i18n/translate.js';
import { PAGES } from './page-list.js';
import { type Command, matchingCommands } from './palette-model.js';
import { useMe } from './use-me.js';

/** Kinds that are looked for by name, and where one of them is shown. */
const FOUND: readonly (readonly [kind: SettingKind, to: (id: string) => string])[] = [
  ['node', (id) => `/repository/node/${encodeURIComponent(id)}`],
  ['scope', (id) => `/repository?scope=${encodeURIComponent(id)}`],
  ['monitor', (id) => `/monitors?id=${encodeURIComponent(id)}`],
  ['job-unit', (id) => `/jobs?view=units&unit=${encodeURIComponent(id)}`],
  ['notification', (id) => `/notifications?id=${encodeURIComponent(id)}`],
  ['dashboard', (id) => `/dashboards/${encodeURIComponent(id)}`],
  ['calendar', (id) => `/calendars?show=${encodeURIComponent(id)}`],
];
const OF_EACH = 8;
const MOST = 60;

interface Doable extends Command {
  readonly run: () => void;
}

export interface PaletteAction {
  readonly id: string;
  readonly label: TextKey;
  readonly run: () => void;
}

interface PaletteProps {
  readonly actions: readonly PaletteAction[];
  readonly onClose: () => void;
}

/** Named settings with what is typed in their id, name or description; however many there are, the manager looks. */
function useNamed(typed: string) {
  const { may } = useMe();
  const [text] = useDebouncedValue(typed.trim(), 150);
  const { data } = useQuery({
    queryKey: ['settings', 'palette', text],
    queryFn: async ({ signal }) => {
      const kinds = FOUND.filter(([kind]) => may(FUNCTION_OF_KIND[kind], 'read'));
      const query = new URLSearchParams({ text, limit: String(OF_EACH) }).toString();
      // One that is refused, or too slow, does not keep the others away.
      const pages = await Promise.allSettled(kinds.map(([kind]) => settingsApi.list(kind, query, signal)));
      return pages.flatMap((page, at) =>
        page.status === 'fulfilled' ? page.value.rows.map((row) => ({ row, to: kinds[at]![1] })) : [],
      );
    },
    enabled: text !== '',
    staleTime: 10_000,
    placeholderData: (before) => before,
  });
  return text === '' ? [] : (data ?? []);
}

const nameOf = (body: unknown): string => {
  const name = (body as { name?: unknown } | null)?.name;
  return typeof name === 'string' ? name : '';
};

function useCommands(typed: string, actions: readonly PaletteAction[], onClose: () => void): readonly Doable[] {
  const { t } = useText();
  const { account } = useMe();
  const navigate = useNavigate();
  const named = useNamed(typed);
  return useMemo(() => {
    const inAll = (key: TextKey) => `${DICTIONARIES.en[key] ?? ''} ${DICTIONARIES.ja[key] ?? ''}`;
    const go = (to: string) => () => {
      onClose();
      void navigate(to);
    };
    const pages = PAGES.flatMap(([, all]) => all)
      .filter((page) => account !== undefined && maySee(account.grants, page))
      .map((page): Doable => {
        const key = `nav.${page}` as const;
        const to = page === 'overview' ? '/' : `/${page}`;
        return { id: `page ${page}`, group: t('palette.page'), label: t(key), hint: to, words: inAll(key), run: go(to) };
      });
    const doable = actions.map(({ id, label, run }): Doable => {
      const act = () => {
        onClose();
        run();
      };
      return { id: `action ${id}`, group: t('palette.action'), label: t(label), hint: '', words: inAll(label), run: act };
    });
    const found = named.map(({ row, to }): Doable => {
      const name = nameOf(row.body);
      return {
        ...{ id: `${row.kind} ${row.id}`, group: t(`settingKind.${row.kind}`), label: name === '' ? row.id : name, hint: row.id },
        words: `${row.description} ${typed}`,
        run: go(to(row.id)),
      };
    });
    return matchingCommands([...pages, ...found, ...doable], typed, MOST);
  }, [t, account, navigate, named, actions, typed, onClose]);
}

/** Ctrl-K: to any page, to anything that has a name, and what can be done from everywhere. */
export function Palette({ actions, onClose }: PaletteProps) {
  const { t } = useText();
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const list = useId();
  const box = useRef<HTMLDivElement>(null);
  const commands = useCommands(typed, actions, onClose);
  const chosen = Math.min(at, commands.length - 1);
  useEffect(() => {
    box.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  });
  const press = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (by !== undefined) setAt(Math.min(commands.length - 1, Math.max(0, chosen + by)));
    else if (event.key === 'Enter' && !event.nativeEvent.isComposing) commands[chosen]?.run();
    else return;
    event.preventDefault();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      withCloseButton={false}
      size={620}
      padding={0}
      yOffset="12vh"
      title={null}
      attributes={{ content: { 'aria-label': t('palette.title') } }}
    >
      <div className="palette" data-testid="palette">
        <input
          className="palette-input"
          data-autofocus
          role="combobox"
          aria-expanded="true"
          aria-controls={list}
          aria-activedescendant={commands.length === 0 ? undefined : `${list}-${chosen}`}
          aria-label={t('palette.title')}
          placeholder={t('palette.placeholder')}
          value={typed}
          maxLength={200}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={press}
          data-testid="palette-input"
        />
        <div role="listbox" id={list} className="palette-list" aria-label={t('palette.title')} ref={box} tabIndex={-1}>
          {commands.map((command, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field.
            <div
              key={command.id}
              id={`${list}-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === chosen}
              className="palette-option"
              onClick={command.run}
              onPointerMove={() => setAt(index)}
              data-testid="palette-option"
            >
              <span className="palette-group dim">{command.group}</span>
              <span className="clip">{visible(command.label)}</span>
              {command.hint !== command.label && <span className="dim mono small clip">{visible(command.hint)}</span>}
            </div>
          ))}
        </div>
        {commands.length === 0 && (
          <p className="palette-none dim" role="status">
            {t('palette.none')}
          </p>
        )}
      </div>
    </Modal>
  );
}
