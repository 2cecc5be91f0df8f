import { Button, Loader } from '@mantine/core';
import { FUNCTION_OF_KIND, type SettingKind, type SettingView } from '@yosugara/protocol';
import { type CSSProperties, type ReactNode, useState } from 'react';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { ColumnHead } from './column-head.js';
import { EnableSwitch } from './enable-switch.js';
import { FilterBar } from './filter-bar.js';
import type { FilteredView } from './filter-model.js';
import { Time } from './time.js';
import { Typed } from './typed.js';
import { useMe } from './use-me.js';
import { useNarrow } from './use-narrow.js';
import { usePageAddress } from './use-page-address.js';
import { useSettings } from './use-settings.js';
import { VirtualList } from './virtual-list.js';

interface TableProps {
  readonly kind: SettingKind;
  /** Whose filters are saved: what is searched for is in the address then. */
  readonly view?: FilteredView;
  readonly filter?: Readonly<Record<string, string>>;
  /** What is told of one beside its id and description. */
  readonly about: (setting: SettingView) => ReactNode;
  readonly onOpen: (id: string) => void;
  readonly onNew: () => void;
  readonly tools?: ReactNode;
  readonly empty: string;
}

function Row({
  kind,
  setting,
  style,
  about,
  onOpen,
}: Pick<TableProps, 'kind' | 'about' | 'onOpen'> & {
  readonly setting: SettingView;
  readonly style: CSSProperties;
}) {
  return (
    <div
      className={setting.enabled ? 'setting-row' : 'setting-row off'}
      style={style}
      data-testid="setting-row"
      data-id={setting.id}
    >
      <EnableSwitch kind={kind} setting={setting} size="xs" testId="setting-enabled" />
      <button
        type="button"
        data-row
        className="setting-id link-button clip"
        onClick={() => onOpen(setting.id)}
        title={setting.id}
      >
        {visible(setting.id)}
      </button>
      <span className="setting-about clip">{about(setting)}</span>
      <span className="setting-description dim clip" title={setting.description}>
        {visible(setting.description)}
      </span>
      <span className="setting-when dim nowrap">
        {visible(setting.modifiedBy)} <Time iso={setting.modifiedAt} />
      </span>
    </div>
  );
}

function useSearchText(isInAddress: boolean) {
  const [own, setOwn] = useState('');
  const { address, put } = usePageAddress();
  if (!isInAddress) return { text: own, setText: setOwn };
  const setText = (text: string) => put({ text }, { replace: true });
  return { text: address.get('text') ?? '', setText };
}

/** All settings of one kind: search, switches, and a way to each. */
export function SettingTable({ kind, view, filter = {}, about, onOpen, onNew, tools, empty }: TableProps) {
  const { t } = useText();
  const { may } = useMe();
  const { text, setText } = useSearchText(view !== undefined);
  const { rows, isLoading, hasMore, error, more } = useSettings(kind, { ...filter, text });
  const isNarrow = useNarrow();
  return (
    <>
      <FilterBar {...(view === undefined ? {} : { view })} error={error}>
        <Typed
          className="f-text"
          label={t('settings.search')}
          placeholder={t('settings.searchHint')}
          value={text}
          onValue={setText}
          testId="setting-search"
        />
        {tools}
        <Button size="xs" disabled={!may(FUNCTION_OF_KIND[kind], 'add')} onClick={onNew} data-testid="setting-new">
          {t('settings.add')}
        </Button>
      </FilterBar>
      <div className="table-place">
        <VirtualList
          items={rows}
          rowPx={isNarrow ? 58 : 34}
          keyOf={({ id }) => id}
          label={t(`settingKind.${kind}`)}
          testId="setting-table"
          className={rows.some(({ description }) => description !== '') ? '' : 'undescribed'}
          head={
            rows.length > 0 && (
              <ColumnHead
                rows="setting-row"
                columns={['', t('settings.id'), t('settings.form'), t('settings.description'), t('settings.changedBy')]}
              />
            )
          }
          onNearEnd={more}
          render={(setting, _, style) => (
            <Row key={setting.id} kind={kind} setting={setting} style={style} about={about} onOpen={onOpen} />
          )}
          foot={
            rows.length === 0 ? (
              <div className="empty">
                {isLoading ? error === null && <Loader size="sm" /> : text === '' ? empty : t('settings.noneFound')}
              </div>
            ) : (
              hasMore && (
                <div className="table-foot">
                  <Loader size="xs" />
                </div>
              )
            )
          }
        />
      </div>
    </>
  );
}
