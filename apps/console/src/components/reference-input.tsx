import { Autocomplete, type AutocompleteProps, TagsInput, type TagsInputProps } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import type { SettingKind } from '@yosugara/protocol';
import { useState } from 'react';
import { settingsApi } from '../api/settings.js';

export type Reference = SettingKind | 'facility';

/** Fields that name another setting. */
const REFERENCES: Readonly<Record<string, Reference>> = {
  ...{ facility: 'facility', facilities: 'facility', runOn: 'facility', behind: 'node', parent: 'scope', scopes: 'scope' },
  ...{ calendar: 'calendar', pattern: 'calendar-pattern', notifications: 'notification', monitor: 'monitor', of: 'monitor' },
  ...{ template: 'mail-template', servers: 'mail-server', access: 'rest-access' },
};
/** The same words elsewhere are no names of settings. */
const PLACES: Readonly<Record<string, RegExp>> = {
  pattern: /(^|\.)days\.pattern$/,
  monitor: /^check\./,
  of: /^check\.of$/,
  facilities: /^facilities$/,
  parent: /^parent$/,
  access: /^priorities\./,
};

/** Of jobs and triggers. */
const OF_JOBS: Readonly<Record<string, Reference>> = {
  ...{ unit: 'job-unit', queue: 'job-queue', 'calendar.id': 'calendar', calendar: 'calendar', monitor: 'monitor' },
  ...{ access: 'rest-access' },
};

/** Of widgets of a dashboard. */
const OF_DASHBOARDS: Readonly<Record<string, Reference>> = {
  monitor: 'monitor',
  scope: 'scope',
  jobUnit: 'job-unit',
  facility: 'facility',
};

/** @param family whose fields these are (`names` of a form) */
export function referenceOf(name: string, place: string, family?: string): Reference | null {
  if (family === 'job' && OF_JOBS[place] !== undefined) return OF_JOBS[place];
  if (family === 'dashboard') return OF_DASHBOARDS[name] ?? null;
  const kind = REFERENCES[name];
  return kind === undefined || PLACES[name]?.test(place) === false ? null : kind;
}

const SHOWN = 30;

/** Ids that begin with, or have in them, what is typed; however many there are, the manager looks. */
function useIds(kind: Reference, typed: string): string[] {
  const [text] = useDebouncedValue(typed, 200);
  const { data } = useQuery({
    queryKey: ['settings', 'ids', kind, text],
    queryFn: async ({ signal }) => {
      const kinds: readonly SettingKind[] = kind === 'facility' ? ['scope', 'node'] : [kind];
      const query = new URLSearchParams({ limit: String(SHOWN), ...(text === '' ? {} : { text }) }).toString();
      const pages = await Promise.all(kinds.map((each) => settingsApi.list(each, query, signal)));
      return pages.flatMap(({ rows }) => rows.map(({ id }) => id));
    },
    staleTime: 10_000,
    placeholderData: (before) => before,
  });
  return [...new Set(data ?? [])];
}

type Common<Props> = Omit<Props, 'data' | 'value' | 'onChange'>;

export function ReferenceInput({
  kind,
  value,
  onValue,
  ...props
}: Common<AutocompleteProps> & { readonly kind: Reference; readonly value: string; readonly onValue: (value: string) => void }) {
  const data = useIds(kind, value);
  return <Autocomplete {...props} data={data} value={value} onChange={onValue} filter={({ options }) => options} />;
}

export function ReferencesInput({
  kind,
  value,
  onValue,
  ...props
}: Common<TagsInputProps> & { readonly kind: Reference; readonly value: string[]; readonly onValue: (value: string[]) => void }) {
  const [typed, setTyped] = useState('');
  const data = useIds(kind, typed);
  return (
    <TagsInput
      {...props}
      data={data}
      value={value}
      onChange={onValue}
      searchValue={typed}
      onSearchChange={setTyped}
      acceptValueOnBlur
      splitChars={[',', ' ']}
    />
  );
}
