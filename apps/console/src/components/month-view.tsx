import { Alert, Button, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type CalendarDay, WEEKDAYS } from '@yosugara/protocol';
import { operationsApi } from '../api/operations.js';
import { useText } from '../i18n/language.js';
import { daysOfMonth, leadingDays, type Month, monthAfter, spanOf } from './month-model.js';

const FROM_MONDAY = [...WEEKDAYS.slice(1), ...WEEKDAYS.slice(0, 1)];
const clock = (text: string) => text.slice(0, 5);

function Day({ day, isToday }: { readonly day: CalendarDay; readonly isToday: boolean }) {
  const { t } = useText();
  const spans = day.open.map(({ fromClock, toClock }) => `${clock(fromClock)}–${clock(toClock)}`);
  const says = day.state === 'partly' ? spans.join(', ') : t(`calendars.${day.state}`);
  return (
    <div
      className={`day day-${day.state}${isToday ? ' today' : ''}`}
      data-testid="calendar-day"
      data-date={day.date}
      data-state={day.state}
      title={`${day.date}: ${says}`}
    >
      <span className="day-number tabular">{Number(day.date.slice(8))}</span>
      <span className="day-says">{says}</span>
      <span className="day-bar" aria-hidden="true">
        {day.open.map(({ from, fromClock, toClock }) => {
          const { left, width } = spanOf(fromClock, toClock);
          return <i key={from} style={{ left: `${left}%`, width: `${width}%` }} />;
        })}
      </span>
    </div>
  );
}

/** When a calendar is open, day by day on its own clock. */
export function MonthView({
  id,
  month,
  onMonth,
}: {
  readonly id: string;
  readonly month: Month;
  readonly onMonth: (month: Month) => void;
}) {
  const { t, language } = useText();
  const { first, last } = daysOfMonth(month);
  const { data, error } = useQuery({
    queryKey: ['settings', 'calendar-days', id, month],
    queryFn: ({ signal }) => operationsApi.calendarDays(id, first, last, signal),
    placeholderData: (before) => (before?.id === id ? before : undefined),
  });
  const locale = language === 'ja' ? 'ja-JP' : 'en-GB';
  const title = new Intl.DateTimeFormat(locale, { year: 'numeric', month: 'long', timeZone: 'UTC' }).format(
    new Date(`${first}T00:00:00Z`),
  );
  // The day as it is where the calendar's clock is.
  const today = new Intl.DateTimeFormat('sv-SE', data === undefined ? {} : { timeZone: data.timeZone }).format(new Date());
  return (
    <section className="panel month" aria-label={title} data-testid="month-view">
      <div className="list-head">
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => onMonth(monthAfter(month, -1))}
          aria-label={t('calendars.before')}
        >
          ‹
        </Button>
        <h2 data-testid="month-title">{title}</h2>
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => onMonth(monthAfter(month, 1))}
          aria-label={t('calendars.after')}
        >
          ›
        </Button>
        {data !== undefined && <span className="dim">{data.timeZone}</span>}
        {data?.enabled === false && <span className="text-busy">{t('calendars.disabled')}</span>}
      </div>
      {error !== null && (
        <Alert color="red" role="alert">
          {error.message}
        </Alert>
      )}
      {data === undefined ? (
        error === null && <Loader size="sm" />
      ) : (
        <div className="month-grid">
          {FROM_MONDAY.map((weekday) => (
            <span key={weekday} className="weekday">
              {t(`weekday.${weekday}`)}
            </span>
          ))}
          {leadingDays(month) > 0 && <span style={{ gridColumn: `span ${leadingDays(month)}` }} />}
          {data.days.map((day) => (
            <Day key={day.date} day={day} isToday={day.date === today} />
          ))}
        </div>
      )}
    </section>
  );
}
