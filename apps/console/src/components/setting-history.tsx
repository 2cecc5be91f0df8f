import { Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { SettingKind } from '@yosugara/protocol';
import { settingsApi } from '../api/settings.js';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { Time } from './time.js';

export interface Difference {
  readonly place: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

const MAX_SHOWN = 160;

function Value({ value }: { readonly value: unknown }) {
  if (value === undefined) return <span className="dim">–</span>;
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return <span className="mono breakable">{visible(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text)}</span>;
}

/** Field by field: what it was and what it is. */
export function Differences({ of }: { readonly of: readonly Difference[] }) {
  const { t } = useText();
  return (
    <table className="differences">
      <thead className="hidden">
        <tr>
          <th scope="col">{t('settings.place')}</th>
          <th scope="col">{t('settings.before')}</th>
          <th scope="col">{t('settings.after')}</th>
        </tr>
      </thead>
      <tbody>
        {of.map((difference) => (
          <tr key={difference.place}>
            <td className="dim">{difference.place}</td>
            <td className="was">
              <Value value={difference.before} />
            </td>
            <td className="is">
              <Value value={difference.after} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function SettingHistoryList({ kind, id }: { readonly kind: SettingKind; readonly id: string }) {
  const { t } = useText();
  const { data, error } = useQuery({
    queryKey: ['settings', 'history', kind, id],
    queryFn: ({ signal }) => settingsApi.history(kind, id, signal),
  });
  if (error !== null) return <p role="alert">{error.message}</p>;
  if (data === undefined) return <Loader size="sm" />;
  return (
    <ul className="plain-list revisions" data-testid="setting-history">
      {data.revisions.map(({ revision, at, by, done, differences }) => (
        <li key={revision}>
          <strong className="tabular">{revision}</strong> <Time iso={at} /> {visible(by)}{' '}
          <span className="dim">{t(`settings.was.${done}`)}</span>
          {differences.length > 0 && <Differences of={differences} />}
        </li>
      ))}
    </ul>
  );
}
