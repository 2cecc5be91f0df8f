import { Alert, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { QueuedJob } from '@yosugara/protocol';
import { jobsApi } from '../api/jobs.js';
import { integer, visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { Time } from './time.js';

const MOST_SHOWN = 200;

function Jobs({
  title,
  of,
  onSession,
}: {
  readonly title: string;
  readonly of: readonly QueuedJob[];
  readonly onSession: (session: string, job: string) => void;
}) {
  const { t, language } = useText();
  return (
    <div className="queue-part">
      <h3>
        {title} <span className="dim">{integer(of.length, language)}</span>
      </h3>
      {of.length === 0 ? (
        <p className="dim">–</p>
      ) : (
        <ol className="plain-list">
          {of.slice(0, MOST_SHOWN).map(({ session, unit, job, since }) => (
            <li key={`${session} ${job}`} data-testid="queued-job">
              <button type="button" className="link-button" onClick={() => onSession(session, job)}>
                {visible(unit)} · {visible(job)}
              </button>{' '}
              <span className="dim">
                {session} {since !== null && <Time iso={since} />}
              </span>
            </li>
          ))}
          {of.length > MOST_SHOWN && (
            <li className="dim">{t('queues.andMore', { count: integer(of.length - MOST_SHOWN, language) })}</li>
          )}
        </ol>
      )}
    </div>
  );
}

/** Who has a place, and who waits for one: of each queue, and of nodes with a multiplicity. */
export function QueueStates({
  everyMs,
  onSession,
}: {
  readonly everyMs: number;
  readonly onSession: (session: string, job: string) => void;
}) {
  const { t } = useText();
  const { data, error } = useQuery({
    queryKey: ['jobs', 'live', 'queues'],
    queryFn: ({ signal }) => jobsApi.queues(signal),
    refetchInterval: everyMs,
  });
  if (data === undefined)
    return error === null ? (
      <Loader size="sm" />
    ) : (
      <Alert color="red" role="alert">
        {error.message}
      </Alert>
    );
  const places = (count: number | null) => (count === null ? '?' : String(count));
  return (
    <div className="queues" data-testid="queue-states">
      {data.more && <Alert color="yellow">{t('queues.more')}</Alert>}
      {data.queues.map(({ queue, concurrency, capacity, running, waiting }) => (
        <section key={queue} className="panel" aria-label={queue} data-testid="queue" data-queue={queue}>
          <h2>
            {visible(queue)}{' '}
            <span className="dim">
              {t('queues.places', {
                taken: running.length,
                places: places(concurrency),
                waiting: waiting.length,
                room: places(capacity),
              })}
            </span>
          </h2>
          <meter
            className="queue-meter"
            min={0}
            max={Math.max(1, concurrency ?? 1)}
            value={running.length}
            aria-label={t('queues.taken', { queue })}
          />
          <div className="queue-parts">
            <Jobs title={t('queues.running')} of={running} onSession={onSession} />
            <Jobs title={t('queues.waiting')} of={waiting} onSession={onSession} />
          </div>
        </section>
      ))}
      {data.nodes.map(({ facility, multiplicity, waiting }) => (
        <section key={`node ${facility}`} className="panel" aria-label={facility}>
          <h2>
            {visible(facility)} <span className="dim">{t('queues.node', { places: places(multiplicity) })}</span>
          </h2>
          <Jobs title={t('queues.waiting')} of={waiting} onSession={onSession} />
        </section>
      ))}
      {data.queues.length === 0 && data.nodes.length === 0 && <p className="empty">{t('queues.none')}</p>}
    </div>
  );
}
