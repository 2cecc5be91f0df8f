import '../operations.js';
import { SegmentedControl } from '@mantine/core';
import type { SettingKind, SettingView } from '@yosugara/protocol';
import { isMonth, monthOf } from '../components/month-model.js';
import { MonthView } from '../components/month-view.js';
import { SettingEditor } from '../components/setting-editor.js';
import { SettingTable } from '../components/setting-table.js';
import { usePageAddress } from '../components/use-page-address.js';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import type { Translate } from '../i18n/translate.js';

const NEW = '+';
const KINDS = ['calendar', 'calendar-pattern', 'maintenance'] as const satisfies readonly SettingKind[];

interface AboutProps {
  readonly setting: SettingView;
  readonly t: Translate;
  readonly shown: string | null;
  readonly onShow: (id: string) => void;
}

function About({ setting, t, shown, onShow }: AboutProps) {
  const body = (setting.body ?? {}) as Partial<Record<string, unknown>>;
  const size = (key: string) => (Array.isArray(body[key]) ? body[key].length : 0);
  if (setting.kind === 'calendar')
    return (
      <>
        <button
          type="button"
          className="link-button"
          aria-pressed={shown === setting.id}
          onClick={() => onShow(setting.id)}
          data-testid="calendar-show"
        >
          {t('calendars.month')}
        </button>{' '}
        <span className="dim">
          {visible(String(body['timeZone'] ?? ''))} · {t('calendars.rows', { count: size('rows') })}
        </span>
      </>
    );
  if (setting.kind === 'calendar-pattern') return <span className="dim">{t('calendars.dates', { count: size('dates') })}</span>;
  return <span className="dim">{visible(String(body['reason'] ?? ''))}</span>;
}

/** When something is in force: calendars with their months, lists of days, and windows of maintenance. */
export function CalendarsPage() {
  const { t } = useText();
  const { address, setAddress, put } = usePageAddress();
  const kind = KINDS.find((each) => each === address.get('kind')) ?? 'calendar';
  const opened = address.get('id');
  const shown = address.get('show');
  const asked = address.get('month');
  const month = isMonth(asked) ? asked : monthOf(new Date());
  return (
    <div className="messages-page" data-testid="calendars-page">
      <div className="page-head">
        <h1>{t('calendars.title')}</h1>
        <SegmentedControl
          size="xs"
          aria-label={t('calendars.title')}
          value={kind}
          onChange={(next) => setAddress(next === 'calendar' ? {} : { kind: next })}
          data={KINDS.map((each) => ({ value: each, label: t(`settingKinds.${each}`) }))}
          data-testid="calendar-kinds"
        />
      </div>
      {kind === 'calendar' && shown !== null && <MonthView id={shown} month={month} onMonth={(next) => put({ month: next })} />}
      <SettingTable
        key={kind}
        kind={kind}
        about={(setting) => (
          <About setting={setting} t={t} shown={shown} onShow={(id) => put({ show: shown === id ? null : id })} />
        )}
        onOpen={(id) => put({ id })}
        onNew={() => put({ id: NEW })}
        empty={t('settings.noneYet')}
      />
      {opened !== null && (
        <SettingEditor
          kind={kind}
          id={opened === NEW ? null : opened}
          {...(kind === 'calendar-pattern' ? {} : { begin: { timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone } })}
          onClose={() => put({ id: null })}
          onSaved={(id) => put(kind === 'calendar' ? { show: id, id: null } : { id: null })}
        />
      )}
    </div>
  );
}
