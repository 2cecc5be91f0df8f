import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import type { JobTriggerBody } from '@yosugara/protocol';
import { jobsApi } from '../api/jobs.js';
import { localTime } from '../i18n/format.js';
import { useText } from '../i18n/language.js';

/** When a trigger as it stands in its form would begin a session next, its calendar counted. */
export function TriggerTimes({ body }: { readonly body: unknown }) {
  const { t } = useText();
  const [given] = useDebouncedValue(body as JobTriggerBody, 300);
  const wish =
    given?.type === 'schedule' ? { timeZone: given.timeZone, schedule: given.schedule, calendar: given.calendar ?? null } : null;
  const { data, error } = useQuery({
    queryKey: ['jobs', 'try', wish],
    queryFn: ({ signal }) => jobsApi.tryPlan(wish ?? {}, signal),
    enabled: wish !== null,
    retry: false,
    placeholderData: (before) => before,
  });
  if (wish === null) return null;
  return (
    <section className="panel next-times" aria-label={t('triggers.next')} data-testid="trigger-times">
      <h3>{t('triggers.next')}</h3>
      {error !== null ? (
        <p className="field-error" role="status">
          {error.message}
        </p>
      ) : (
        <ol className="tabular" aria-live="polite">
          {data?.times.map((time) => (
            <li key={time}>
              {localTime(time)} <span className="dim">{inZone(time, wish.timeZone)}</span>
            </li>
          ))}
          {data?.times.length === 0 && <li>{t('triggers.never')}</li>}
        </ol>
      )}
    </section>
  );
}

/** As the clock of the schedule shows it, where that is not the reader's own. */
function inZone(time: string, timeZone: string): string {
  try {
    if (timeZone === Intl.DateTimeFormat().resolvedOptions().timeZone) return '';
    const text = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(new Date(time));
    return `${text} ${timeZone}`;
  } catch {
    return '';
  }
}
