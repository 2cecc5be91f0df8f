import { Radio, Select, TextInput } from '@mantine/core';
import type { RetentionBody } from '@yosugara/protocol';
import { Link } from 'react-router';
import { timeZoneName } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import type { RetentionDraft } from './retention-model.js';
import { useSettings } from './use-settings.js';

type Window = NonNullable<RetentionBody['window']>;

/** When rows may be deleted. */
export function RetentionWindow({
  draft,
  isOpen,
  mayEdit,
  onChange,
}: {
  readonly draft: RetentionDraft;
  readonly isOpen: boolean;
  readonly mayEdit: boolean;
  readonly onChange: (draft: RetentionDraft) => void;
}) {
  const { t } = useText();
  const calendars = useSettings('calendar').rows.map(({ id }) => id);
  const { window, calendar } = draft;
  const set = (change: Partial<Window>) => window !== null && onChange({ ...draft, window: { ...window, ...change } });
  const begin = () => onChange({ ...draft, window: { timeZone: timeZoneName() || 'UTC', from: '01:00', to: '05:00' } });
  return (
    <section className="panel" data-testid="retention-when">
      <h2>{t('retention.when')}</h2>
      <p className={isOpen ? 'text-good' : 'text-busy'} data-testid="retention-open" data-open={isOpen}>
        {t(isOpen ? 'retention.open' : 'retention.shut')}
      </p>
      <div className="upkeep-form">
        <Radio.Group
          aria-label={t('retention.when')}
          value={window === null ? 'any' : 'window'}
          onChange={(value) => (value === 'any' ? onChange({ ...draft, window: null }) : begin())}
        >
          <Radio value="any" label={t('retention.anyTime')} disabled={!mayEdit} />
          <Radio value="window" label={t('retention.window')} disabled={!mayEdit} mt={6} data-testid="retention-window" />
        </Radio.Group>
        {window !== null && (
          <>
            <TextInput
              w={84}
              size="xs"
              label={t('retention.from')}
              value={window.from}
              disabled={!mayEdit}
              onChange={(event) => set({ from: event.currentTarget.value })}
              data-testid="retention-from"
            />
            <TextInput
              w={84}
              size="xs"
              label={t('retention.to')}
              value={window.to}
              disabled={!mayEdit}
              onChange={(event) => set({ to: event.currentTarget.value })}
              data-testid="retention-to"
            />
            <TextInput
              w={180}
              size="xs"
              label={t('retention.zone')}
              value={window.timeZone}
              disabled={!mayEdit}
              onChange={(event) => set({ timeZone: event.currentTarget.value })}
            />
          </>
        )}
        <Select
          w={220}
          size="xs"
          clearable
          label={t('retention.calendar')}
          placeholder={t('retention.noCalendar')}
          data={[...new Set([...calendars, ...(calendar === null ? [] : [calendar])])]}
          value={calendar}
          disabled={!mayEdit}
          onChange={(value) => onChange({ ...draft, calendar: value })}
        />
      </div>
      <p className="dim small">
        {t('retention.windows')} <Link to="/calendars">{t('nav.calendars')}</Link>. {t('retention.windowsBesides')}
      </p>
    </section>
  );
}
