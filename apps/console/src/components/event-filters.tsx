import { EVENT_STATES } from '@yosugara/protocol';
import { type EventFilter, eventQueryOf, isOpenView, OPEN_EVENTS, toggled } from '../api/event-filter.js';
import { csvOf } from '../api/operations.js';
import { useText } from '../i18n/language.js';
import { FilterBar } from './filter-bar.js';
import { Typed } from './typed.js';

/** What the list of events is narrowed by. */
export function EventFilters({
  filter,
  refusal,
  onChange,
}: {
  readonly filter: EventFilter;
  readonly refusal: string | null;
  readonly onChange: (part: Partial<EventFilter>) => void;
}) {
  const { t } = useText();
  return (
    <FilterBar
      view="events"
      onClear={isOpenView(filter) ? null : () => onChange(OPEN_EVENTS)}
      clearText={t('events.openOnly')}
      csv={csvOf('/api/v1/events', eventQueryOf(filter))}
      refusal={refusal}
    >
      <fieldset className="chips" data-testid="event-states">
        <legend className="hidden">{t('events.state')}</legend>
        {EVENT_STATES.map((state) => (
          <button
            key={state}
            type="button"
            className="chip"
            aria-pressed={filter.states.includes(state)}
            onClick={() => onChange({ states: toggled(EVENT_STATES, filter.states, state) })}
            data-testid={`state-${state}`}
          >
            {t(`eventState.${state}`)}
          </button>
        ))}
      </fieldset>
      <Typed
        className="f-text"
        label={t('messages.text')}
        placeholder={t('messages.textHint')}
        value={filter.text}
        onValue={(text) => onChange({ text })}
        testId="event-text"
      />
      <Typed
        className="f-facility"
        label={t('events.facility')}
        placeholder={t('events.facilityHint')}
        value={filter.facility}
        onValue={(facility) => onChange({ facility })}
        testId="event-facility"
      />
      <Typed
        className="f-facility"
        label={t('events.monitor')}
        placeholder={t('events.idHint')}
        value={filter.monitor}
        onValue={(monitor) => onChange({ monitor })}
        testId="event-monitor"
      />
      <Typed
        className="f-owner"
        label={t('events.ownerOnly')}
        placeholder={t('events.ownerHint')}
        value={filter.owner}
        onValue={(owner) => onChange({ owner })}
        testId="event-owner"
      />
    </FilterBar>
  );
}
