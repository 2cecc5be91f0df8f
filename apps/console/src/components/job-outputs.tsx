import { Alert, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { jobsApi } from '../api/jobs.js';
import { bytes, visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';

const EVERY_MS = 3_000;

/** The nodes of a job with what became of it there, and what they wrote. */
export function Outputs({ session, job }: { readonly session: string; readonly job: string }) {
  const { t } = useText();
  const { data, error } = useQuery({
    queryKey: ['jobs', 'live', 'job', session, job],
    queryFn: ({ signal }) => jobsApi.job(session, job, signal),
    refetchInterval: EVERY_MS,
  });
  if (error !== null) return <Alert color="red">{error.message}</Alert>;
  if (data === undefined) return <Loader size="sm" />;
  return (
    <section className="job-outputs" aria-label={t('jobs.output')} data-testid="job-outputs">
      {data.runs.length > 0 && (
        <table className="plain-table">
          <thead>
            <tr>
              <th scope="col">{t('map.node')}</th>
              <th scope="col">{t('map.state')}</th>
              <th scope="col">{t('map.returned')}</th>
            </tr>
          </thead>
          <tbody>
            {data.runs.map(({ facility, state, returnValue, message }) => (
              <tr key={facility}>
                <td>{visible(facility === '' ? '–' : facility)}</td>
                <td title={visible(message)}>{named(t, 'runState', state)}</td>
                <td className="tabular">{returnValue ?? ''}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <h3>{t('jobs.output')}</h3>
      {data.outputs.length === 0 && <p className="dim">{t('jobs.noOutput')}</p>}
      {data.outputs.map(({ facility, attempt, stdout, stderr, stdoutBytes, stderrBytes }) => (
        <div key={`${facility} ${attempt}`}>
          <p className="dim">
            {t('jobs.outputOf', { facility: visible(facility), attempt, bytes: bytes(stdoutBytes + stderrBytes) })}
          </p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard. */}
          {stdout !== '' && <pre tabIndex={0}>{visible(stdout, true)}</pre>}
          {stderr !== '' && (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard.
            <pre className="job-stderr" tabIndex={0}>
              {visible(stderr, true)}
            </pre>
          )}
        </div>
      ))}
    </section>
  );
}
