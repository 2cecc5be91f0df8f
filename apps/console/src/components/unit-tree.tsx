import { Alert, Button } from '@mantine/core';
import type { Job, SettingView } from '@yosugara/protocol';
import { type KeyboardEvent, useState } from 'react';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { ChevronIcon } from './icons.js';
import { Typed } from './typed.js';
import { useMe } from './use-me.js';
import { useSettings } from './use-settings.js';
import { VirtualList } from './virtual-list.js';

const ROW_PX = 28;
const INDENT_PX = 14;

export interface TreeRow {
  readonly key: string;
  readonly unit: string;
  /** '' = the unit itself. */
  readonly net: string;
  readonly name: string;
  readonly depth: number;
  readonly enabled: boolean;
  /** null = no jobnet is in it. */
  readonly isOpen: boolean | null;
  readonly count: number;
}

/** Units, and in open ones their jobnets. */
export function treeRows(
  units: readonly Pick<SettingView, 'id' | 'enabled' | 'body'>[],
  open: ReadonlySet<string>,
): readonly TreeRow[] {
  const rows: TreeRow[] = [];
  for (const { id, enabled, body } of units) {
    const add = (net: string, name: string, jobs: readonly Job[], depth: number) => {
      const key = `${id}/${net}`;
      const nets = jobs.filter((job) => job.type === 'jobnet');
      const isOpen = nets.length === 0 ? null : open.has(key);
      rows.push({ key, unit: id, net, name, depth, enabled, isOpen, count: jobs.length });
      if (isOpen === true) for (const each of nets) add(each.id, each.name, each.jobs, depth + 1);
    };
    const unit = body as { name?: string; jobs?: readonly Job[] } | null;
    add('', unit?.name ?? '', Array.isArray(unit?.jobs) ? unit.jobs : [], 0);
  }
  return rows;
}

interface TreeProps {
  readonly unit: string | null;
  readonly net: string;
  readonly onGo: (unit: string, net: string) => void;
  readonly onNew: () => void;
}

/** All job units with their jobnets. Arrow keys as in any tree. */
export function UnitTree({ unit, net, onGo, onNew }: TreeProps) {
  const { t } = useText();
  const { may } = useMe();
  const [text, setText] = useState('');
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const { rows: units, error, more, isLoading } = useSettings('job-unit', { text });
  const open = new Set(toggled);
  // The way to what is shown is open, unless somebody shut it.
  if (unit !== null && net !== '' && !toggled.has(`shut ${unit}/`)) open.add(`${unit}/`);
  const rows = treeRows(units, open);
  const here = `${unit ?? ''}/${net}`;
  const [cursor, setCursor] = useState<string | null>(null);
  const at = cursor ?? (rows.some(({ key }) => key === here) ? here : (rows[0]?.key ?? null));
  const toggle = ({ key, isOpen }: TreeRow) =>
    setToggled((before) => {
      const after = new Set(before);
      if (isOpen === true) {
        after.delete(key);
        after.add(`shut ${key}`);
      } else {
        after.add(key);
        after.delete(`shut ${key}`);
      }
      return after;
    });
  const focus = (row: TreeRow | undefined) => {
    if (row === undefined) return;
    setCursor(row.key);
    requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-tree="${CSS.escape(row.key)}"]`)?.focus());
  };
  const press = (row: TreeRow, index: number) => (event: KeyboardEvent) => {
    const parent = rows.slice(0, index).findLast(({ depth }) => depth < row.depth);
    const acts: Record<string, () => void> = {
      ArrowDown: () => focus(rows[index + 1]),
      ArrowUp: () => focus(rows[index - 1]),
      ArrowRight: () => (row.isOpen === false ? toggle(row) : focus(row.isOpen === true ? rows[index + 1] : undefined)),
      ArrowLeft: () => (row.isOpen === true ? toggle(row) : focus(parent)),
      Home: () => focus(rows[0]),
      End: () => focus(rows.at(-1)),
      Enter: () => onGo(row.unit, row.net),
      ' ': () => onGo(row.unit, row.net),
    };
    const act = acts[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
  return (
    <div className="unit-tree">
      <div className="unit-tree-head">
        <Typed
          className="grow"
          label={t('settings.search')}
          placeholder={t('jobs.unitSearchHint')}
          value={text}
          onValue={setText}
          testId="unit-search"
        />
        {may('job', 'add') && (
          <Button size="xs" onClick={onNew} data-testid="unit-new">
            {t('settings.add')}
          </Button>
        )}
      </div>
      {error !== null && <Alert color="red">{error.message}</Alert>}
      <div className="table-place">
        <VirtualList
          items={rows}
          rowPx={ROW_PX}
          keyOf={({ key }) => key}
          label={t('jobs.units')}
          testId="unit-tree"
          cursor={at}
          onNearEnd={more}
          render={(row, index, style) => (
            <div
              key={row.key}
              className={row.key === here ? 'tree-row chosen' : 'tree-row'}
              style={{ ...style, paddingLeft: 6 + row.depth * INDENT_PX }}
            >
              {row.isOpen === null ? (
                <span className="tree-space" />
              ) : (
                <button
                  type="button"
                  className="status-toggle"
                  tabIndex={-1}
                  aria-expanded={row.isOpen}
                  aria-label={t(row.isOpen ? 'jobs.fold' : 'jobs.unfold', { job: row.net === '' ? row.unit : row.net })}
                  onClick={() => toggle(row)}
                >
                  <ChevronIcon open={row.isOpen} />
                </button>
              )}
              <button
                type="button"
                className="tree-name clip"
                tabIndex={row.key === at ? 0 : -1}
                aria-current={row.key === here ? 'true' : undefined}
                data-tree={row.key}
                data-testid="tree-row"
                onFocus={() => setCursor(row.key)}
                onClick={() => onGo(row.unit, row.net)}
                onKeyDown={press(row, index)}
              >
                <span className={row.net === '' ? 'tree-unit' : ''}>{visible(row.net === '' ? row.unit : row.net)}</span>{' '}
                <span className="dim">{visible(row.name)}</span>
                {!row.enabled && row.net === '' && <span className="dim"> ({t('unit.disabled')})</span>}
              </button>
              <span className="dim tabular tree-count">{row.count}</span>
            </div>
          )}
          foot={
            rows.length === 0 &&
            !isLoading && <div className="empty">{t(text === '' ? 'settings.noneYet' : 'settings.noneFound')}</div>
          }
        />
      </div>
    </div>
  );
}
