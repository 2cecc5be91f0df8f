import { Alert, Loader, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { JobPlan } from '@yosugara/protocol';
import { Fragment } from 'react';
import { jobsApi } from '../api/jobs.js';
import { integer, localTime, visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';
import { ColumnHead } from './column-head.js';
import { useNarrow } from './use-narrow.js';
import { useSettings } from './use-settings.js';
import { VirtualList } from './virtual-list.js';

const EVERY_MS = 30_000;
const MOST_ROWS = 10_000;
export const PLAN_DAYS = ['1', '7', '31', '100'] as const;

type Run = JobPlan['runs'][number];
type Row = { readonly kind: 'day'; readonly day: string; readonly count: number } | { readonly kind: 'run'; readonly run: Run };

/** Each day of whoever looks, with what begins in it. */
export function planRows(runs: readonly Run[]): readonly Row[] {
  const days = new Map<string, Run[]>();
  for (const run of runs) {
    const day = localTime(run.at).slice(0, 10);
    const list = days.get(day) ?? [];
    days.set(day, list);
    list.push(run);
  }
  return [...days].flatMap(([day, list]) => [
    { kind: 'day' as const, day, count: list.length },
    ...list.map((run) => ({ kind: 'run' as const, run })),
  ]);
}

interface PlanProps {
  readonly unit: string;
  readonly trigger: string;
  readonly days: string;
  readonly put: (parts: Readonly<Record<string, string | null>>) => void;
}

/** What begins when, calendars counted: days on which a trigger's calendar is closed are not in it. */
export function PlanList({ unit, trigger, days, put }: PlanProps) {
  const { t, language } = useText();
  const isNarrow = useNarrow();
  const triggers = useSettings('job-trigger');
  const calendars = new Map(
    triggers.rows.map(({ id, body }) => [id, (body as { calendar?: string | null } | null)?.calendar ?? null]),
  );
  const query = new URLSearchParams({ to: `${days}d`, limit: String(MOST_ROWS) });
  if (unit !== '') query.set('unit', unit);
  if (trigger !== '') query.set('trigger', trigger);
  const { data, error } = useQuery({
    queryKey: ['jobs', 'plan', query.toString()],
    queryFn: ({ signal }) => jobsApi.plan(query.toString(), signal),
    refetchInterval: EVERY_MS,
    placeholderData: (before) => before,
  });
  const rows = planRows(data?.runs ?? []);
  return (
    <>
      <div className="filters">
        <Select
          size="xs"
          label={t('jobs.days')}
          value={days}
          allowDeselect={false}
          onChange={(value) => put({ days: value === '1' ? null : value })}
          data={[...PLAN_DAYS]}
          data-testid="plan-days"
        />
        <Select
          size="xs"
          label={t('settingKind.job-trigger')}
          placeholder={t('plan.all')}
          value={trigger === '' ? null : trigger}
          clearable
          searchable
          onChange={(value) => put({ trigger: value })}
          data={triggers.rows.filter(({ body }) => (body as { type?: string } | null)?.type === 'schedule').map(({ id }) => id)}
          data-testid="plan-trigger"
        />
        <p className="dim small plan-hint">{t('plan.calendars')}</p>
      </div>
      {error !== null && (
        <Alert color="red" role="alert">
          {error.message}
        </Alert>
      )}
      {data?.more === true && <Alert color="yellow">{t('jobs.morePlan', { count: integer(data.runs.length, language) })}</Alert>}
      <div className="table-place">
        <VirtualList
          items={rows}
          rowPx={isNarrow ? 50 : 30}
          keyOf={(row) => (row.kind === 'day' ? row.day : `${row.run.at} ${row.run.trigger}`)}
          label={t('jobs.plan')}
          testId="plan-table"
          head={
            rows.length > 0 && (
              <ColumnHead
                rows="plan-row"
                columns={[
                  ...[t('messages.time'), t('users.name'), t('settingKind.job-unit'), t('settingKind.job-trigger')],
                  ...[t('users.timeZone'), t('settingKind.calendar')],
                ]}
              />
            )
          }
          render={(row, _, style) =>
            row.kind === 'day' ? (
              <div key={row.day} className="plan-day" style={style}>
                <h2>{dayName(row.day, language)}</h2>
                <span className="dim">{t('plan.runs', { count: integer(row.count, language) })}</span>
              </div>
            ) : (
              <PlanRow
                key={`${row.run.at} ${row.run.trigger}`}
                run={row.run}
                calendar={calendars.get(row.run.trigger) ?? null}
                style={style}
                put={put}
              />
            )
          }
          foot={
            rows.length === 0 && (
              <div className="empty">{data === undefined && error === null ? <Loader size="sm" /> : t('jobs.emptyPlan')}</div>
            )
          }
        />
      </div>
    </>
  );
}

const dayName = (day: string, language: 'en' | 'ja'): string =>
  new Intl.DateTimeFormat(language === 'ja' ? 'ja-JP' : 'en-GB', {
    weekday: 'short',
    year: 'numeric',
    month: 'short',
    day: 'numeric',
  }).format(new Date(`${day}T12:00:00`));

interface RowProps {
  readonly run: Run;
  readonly calendar: string | null;
  readonly style: React.CSSProperties;
  readonly put: PlanProps['put'];
}

function PlanRow({ run: { at, unit, unitName, job, trigger, timeZone, session, state }, calendar, style, put }: RowProps) {
  const { t } = useText();
  const parts = [
    ['unit', job === null ? unit : `${unit}/${job}`],
    ['trigger', trigger],
    ['zone', timeZone],
    ['calendar', calendar === null ? '' : t('plan.calendar', { calendar })],
  ] as const;
  return (
    <div className="plan-row" style={style} data-testid="plan-row">
      <time dateTime={at} className="tabular">
        {localTime(at).slice(11)}
      </time>
      <span className="clip">{visible(unitName)}</span>
      {parts.map(([key, text]) => (
        <Fragment key={key}>
          {key === 'trigger' ? (
            <button
              type="button"
              data-row
              className="link-button clip plan-trigger"
              onClick={() => put({ view: 'triggers', id: trigger, trigger: null, days: null })}
            >
              {visible(text)}
            </button>
          ) : (
            <span className={`dim clip plan-${key}`}>{visible(text)}</span>
          )}
        </Fragment>
      ))}
      <span className="nowrap">
        {session !== null && (
          <button type="button" className="link-button" onClick={() => put({ session })}>
            {state === null || state === 'scheduled' ? t('jobs.premade') : named(t, 'jobState', state)}
          </button>
        )}
      </span>
    </div>
  );
}
