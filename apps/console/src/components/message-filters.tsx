import { Select, TextInput } from '@mantine/core';
import { type Filter, isFiltered, KINDS, NO_FILTER, NO_WORDS, RANGES, type Range, SEVERITIES } from '../api/filter.js';
import { useText } from '../i18n/language.js';
import { FilterBar } from './filter-bar.js';
import { Typed } from './typed.js';

interface FiltersProps {
  readonly filter: Filter;
  readonly onChange: (change: Partial<Filter>) => void;
}

function TimeRange({ filter, onChange }: FiltersProps) {
  const { t } = useText();
  const wrong = filter.since !== '' && filter.until !== '' && filter.until < filter.since;
  return (
    <>
      <Select
        size="xs"
        className="f-range"
        label={t('messages.range')}
        data={RANGES.map((range) => ({ value: range, label: t(`messages.range.${range}`) }))}
        value={filter.range}
        allowDeselect={false}
        onChange={(range) => onChange({ range: (range ?? NO_FILTER.range) as Range })}
        data-testid="filter-range"
      />
      {filter.range === 'custom' && (
        <>
          <TextInput
            size="xs"
            type="datetime-local"
            step={1}
            label={t('messages.since')}
            value={filter.since}
            onChange={(event) => onChange({ since: event.currentTarget.value })}
            data-testid="filter-since"
          />
          <TextInput
            size="xs"
            type="datetime-local"
            step={1}
            label={t('messages.until')}
            value={filter.until}
            onChange={(event) => onChange({ until: event.currentTarget.value })}
            error={wrong ? t('messages.badRange') : undefined}
            data-testid="filter-until"
          />
        </>
      )}
    </>
  );
}

/** What traps are looked for by: names of MIB modules, or OIDs. */
function TrapFields({ filter, onChange }: FiltersProps) {
  const { t } = useText();
  return (
    <>
      <Typed
        className="f-trap"
        label={t('messages.trap')}
        placeholder={t('messages.trapHint')}
        value={filter.trap}
        onValue={(trap) => onChange({ trap })}
        testId="filter-trap"
      />
      <Typed
        className="f-varbind"
        label={t('messages.varbind')}
        placeholder="ifOperStatus=down"
        value={filter.varbind}
        onValue={(varbind) => onChange({ varbind })}
        testId="filter-varbind"
      />
    </>
  );
}

export function MessageFilters({ filter, onChange }: FiltersProps) {
  const { t } = useText();
  return (
    <FilterBar view="messages" onClear={isFiltered(filter) ? () => onChange(NO_WORDS) : null}>
      <Typed
        className="f-text"
        label={t('messages.text')}
        placeholder={t('messages.textHint')}
        value={filter.text}
        onValue={(text) => onChange({ text })}
        testId="filter-text"
      />
      <Select
        size="xs"
        className="f-severity"
        label={t('messages.atLeast')}
        placeholder={t('messages.any')}
        data={[...SEVERITIES]}
        value={filter.severity === '' ? null : filter.severity}
        clearable
        onChange={(severity) => onChange({ severity: severity ?? '' })}
        data-testid="filter-severity"
      />
      <Select
        size="xs"
        className="f-kind"
        label={t('messages.kind')}
        placeholder={t('messages.any')}
        data={KINDS.map((kind) => ({ value: kind, label: t(`kind.${kind}`) }))}
        value={filter.kind === '' ? null : filter.kind}
        clearable
        onChange={(kind) => onChange({ kind: kind ?? '' })}
        data-testid="filter-kind"
      />
      <Typed
        className="f-source"
        label={t('messages.source')}
        placeholder={t('messages.sourceHint')}
        value={filter.source}
        onValue={(source) => onChange({ source })}
        testId="filter-source"
      />
      <Typed
        className="f-host"
        label={t('messages.host')}
        placeholder={t('messages.hostHint')}
        value={filter.host}
        onValue={(host) => onChange({ host })}
        testId="filter-host"
      />
      {(filter.kind !== 'syslog' || filter.trap !== '' || filter.varbind !== '') && (
        <TrapFields filter={filter} onChange={onChange} />
      )}
      {filter.mode === 'search' && <TimeRange filter={filter} onChange={onChange} />}
    </FilterBar>
  );
}
