import { useQuery } from '@tanstack/react-query';
import { upkeepApi } from '../api/upkeep.js';
import { duration, integer } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { Failed } from './failed.js';
import { Said } from './said.js';
import { Time } from './time.js';

/** What clean-ups deleted, newest first. */
export function CleanUpRuns() {
  const { t, language } = useText();
  const { data, error } = useQuery({
    queryKey: ['retention', 'runs'],
    queryFn: ({ signal }) => upkeepApi.runs(signal),
    refetchInterval: 5_000,
  });
  return (
    <section className="panel" data-testid="clean-up-runs">
      <h2>{t('retention.runs')}</h2>
      <Failed error={data === undefined ? error : null} />
      {data?.rows.length === 0 && <p className="dim">{t('retention.noRuns')}</p>}
      <ul className="clean-up-list">
        {data?.rows.map(({ number, kind, startedAt, endedAt, by, rows, parts, state, why }) => (
          <li key={number} data-testid="clean-up-run" data-state={state}>
            <Time iso={startedAt} /> <strong>{t(`kept.${kind}`)}</strong>{' '}
            <span className={state === 'failed' ? 'text-bad' : undefined}>{t(`retention.state.${state}`)}</span>
            {' · '}
            {[
              ...(rows > 0 || parts.length === 0 ? [t('retention.rowsOf', { count: integer(rows, language) })] : []),
              ...(parts.length > 0 ? [t('retention.parts', { parts: parts.join(', ') })] : []),
            ].join(' · ')}{' '}
            <span className="dim small">
              {by ?? t('retention.byItself')}
              {endedAt !== null && ` · ${duration(Date.parse(endedAt) - Date.parse(startedAt), language)}`}
            </span>
            {why !== null && (
              <>
                {' '}
                <Said text={why} className="dim" />
              </>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
