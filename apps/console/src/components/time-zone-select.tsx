import { Select } from '@mantine/core';
import { useMemo } from 'react';
import { useText } from '../i18n/language.js';

/** IANA's names as this browser knows them; '' = the browser's own. */
export function TimeZoneSelect({
  value,
  disabled = false,
  onChange,
}: {
  readonly value: string;
  readonly disabled?: boolean;
  readonly onChange: (value: string) => void;
}) {
  const { t } = useText();
  const zones = useMemo(() => ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')], []);
  return (
    <Select
      label={t('users.timeZone')}
      data={[{ value: '', label: t('users.asBrowser') }, ...zones]}
      value={value}
      allowDeselect={false}
      disabled={disabled}
      searchable
      limit={200}
      onChange={(next) => onChange(next ?? '')}
      data-testid="time-zone"
    />
  );
}
