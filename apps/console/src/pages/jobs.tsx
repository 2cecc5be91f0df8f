import '../operations.js';
import '../styles/jobs.css';
import { Alert, Button, Loader, SegmentedControl, Select, Switch } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { JobPlan, JobSessionRow } from '@yosugara/protocol';
import { type CSSProperties, useState } from 'react';
import { useSearchParams } from 'react-router';
import { jobsApi } from '../api/jobs.js';
import { JobSessionView } from '../components/job-session.js';
import { StartDialog } from '../components/job-start.js';
import { JobStateBadge } from '../components/job-state.js';
import { Time } from '../components/time.js';
import { Typed } from '../components/typed.js';
import { useMe } from '../components/use-me.js';
import { VirtualList } from '../components/virtual-list.js';
import { integer, visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';

const EVERY_MS = 2_000;
const PLAN_EVERY_MS = 30_000;
const MOST_ROWS = 1_000;
const VIEWS = ['sessions', 'plan'] as const;
const DAYS = ['1', '7', '31'] as const;
type PlannedRun = JobPlan['runs'][number];

function SessionRow({
  row,
  style,
  onOpen,
}: {
  readonly row: JobSessionRow;
  readonly style: CSSProperties;
  readonly onOpen: () => void;
}) {
  const { t } = useText();
  return (
    <div className="session-row" style={style} data-testid="session-row" data-session={row.id}>
      <button type="button" className="link-button tabular" onClick={onOpen}>
        {row.id}
      </button>
      <span className="clip">{visible(row.root === null ? row.unit : `${row.unit}/${row.root}`)}</span>
      <JobStateBadge how={row} />
      <span className="dim nowrap">{row.startedAt !== null && <Time iso={row.startedAt} />}</span>
      <span className="dim nowrap">{row.endedAt !== null && <Time iso={row.endedAt} />}</span>
      <span className="dim clip" title={visible(row.trigger.info)}>
        {visible(row.trigger.id ?? row.trigger.type)}
        {row.isTest && ` (${t('jobs.test')})`}
      </span>
    </div>
  );
}

function SessionList({
  unit,
  open,
  onOpen,
}: {
  readonly unit: string;
  readonly open: boolean;
  readonly onOpen: (id: string) => void;
}) {
  const { t, language } = useText();
  const query = new URLSearchParams({ limit: String(MOST_ROWS) });
  if (unit !== '') query.set('unit', unit);
  if (open) query.set('open', 'true');
  const { data, error } = useQuery({
    queryKey: ['jobs', 'sessions', query.toString()],
    queryFn: ({ signal }) => jobsApi.sessions(query.toString(), signal),
    refetchInterval: EVERY_MS,
    placeholderData: (before) => before,
  });
  const rows = data?.rows ?? [];
  return (
    <>
      <Failed error={error} />
      {data?.next != null && <Alert color="yellow">{t('jobs.more', { count: integer(rows.length, language) })}</Alert>}
      <div className="table-place">
        <VirtualList
          items={rows}
          rowPx={30}
          keyOf={(row) => row.id}
          label={t('jobs.sessions')}
          testId="session-table"
          render={(row, _, style) => <SessionRow key={row.id} row={row} style={style} onOpen={() => onOpen(row.id)} />}
          foot={rows.length === 0 && <Empty isLoading={data === undefined && error === null} text={t('jobs.empty')} />}
        />
      </div>
    </>
  );
}

function PlanRow({
  run,
  style,
  onOpen,
}: {
  readonly run: PlannedRun;
  readonly style: CSSProperties;
  readonly onOpen: (id: string) => void;
}) {
  const { t } = useText();
  const { session } = run;
  return (
    <div className="session-row" style={style} data-testid="plan-row">
      <Time iso={run.at} />
      <span className="clip">{visible(run.unitName)}</span>
      <span className="dim clip">{visible(run.job === null ? run.unit : `${run.unit}/${run.job}`)}</span>
      <span className="dim clip">{visible(run.trigger)}</span>
      <span className="dim clip">{run.timeZone}</span>
      <span className="nowrap">
        {session !== null && (
          <button type="button" className="link-button" onClick={() => onOpen(session)}>
            {run.state === null || run.state === 'scheduled' ? t('jobs.premade') : named(t, 'jobState', run.state)}
          </button>
        )}
      </span>
    </div>
  );
}

function PlanList({
  unit,
  days,
  onOpen,
}: {
  readonly unit: string;
  readonly days: string;
  readonly onOpen: (id: string) => void;
}) {
  const { t, language } = useText();
  const query = new URLSearchParams({ to: `${days}d`, limit: String(MOST_ROWS) });
  if (unit !== '') query.set('unit', unit);
  const { data, error } = useQuery({
    queryKey: ['jobs', 'plan', query.toString()],
    queryFn: ({ signal }) => jobsApi.plan(query.toString(), signal),
    refetchInterval: PLAN_EVERY_MS,
    placeholderData: (before) => before,
  });
  const runs = data?.runs ?? [];
  return (
    <>
      <Failed error={error} />
      {data?.more === true && <Alert color="yellow">{t('jobs.morePlan', { count: integer(runs.length, language) })}</Alert>}
      <div className="table-place">
        <VirtualList
          items={runs}
          rowPx={30}
          keyOf={(run) => `${run.at} ${run.trigger}`}
          label={t('jobs.plan')}
          testId="plan-table"
          render={(run, _, style) => <PlanRow key={`${run.at} ${run.trigger}`} run={run} style={style} onOpen={onOpen} />}
          foot={runs.length === 0 && <Empty isLoading={data === undefined && error === null} text={t('jobs.emptyPlan')} />}
        />
      </div>
    </>
  );
}

function Failed({ error }: { readonly error: Error | null }) {
  const { t } = useText();
  if (error === null) return null;
  return (
    <Alert color="red" role="alert" title={t('common.failed')}>
      {error.message}
    </Alert>
  );
}

function Empty({ isLoading, text }: { readonly isLoading: boolean; readonly text: string }) {
  return <div className="empty">{isLoading ? <Loader size="sm" /> : text}</div>;
}

/** Sessions as they run, one of them with its jobs, and what is to come. */
export function JobsPage() {
  const { t } = useText();
  const { mayAct } = useMe();
  const [isStarting, setStarting] = useState(false);
  const [address, setAddress] = useSearchParams();
  const view = VIEWS.find((each) => each === address.get('view')) ?? 'sessions';
  const days = DAYS.find((each) => each === address.get('days')) ?? '1';
  const unit = address.get('unit') ?? '';
  const session = address.get('session');
  const put = (key: string, value: string | null) =>
    setAddress((before) => {
      const after = new URLSearchParams(before);
      if (value === null || value === '') after.delete(key);
      else after.set(key, value);
      return after;
    });
  return (
    <div className="messages-page" data-testid="jobs-page">
      <div className="page-head">
        <h1>{t('jobs.title')}</h1>
        {session === null ? (
          <SegmentedControl
            size="xs"
            aria-label={t('jobs.title')}
            value={view}
            onChange={(next) => put('view', next === 'sessions' ? null : next)}
            data={VIEWS.map((each) => ({ value: each, label: t(`jobs.${each}`) }))}
            data-testid="job-views"
          />
        ) : (
          <Button size="compact-sm" variant="default" onClick={() => put('session', null)} data-testid="jobs-back">
            {t('jobs.back')}
          </Button>
        )}
        {mayAct && session === null && (
          <Button size="compact-sm" onClick={() => setStarting(true)} data-testid="jobs-run">
            {t('jobs.run')}
          </Button>
        )}
      </div>
      {isStarting && (
        <StartDialog
          unit={unit}
          onClose={() => setStarting(false)}
          onBegun={(id) => {
            setStarting(false);
            put('session', id);
          }}
        />
      )}
      {session === null && (
        <search className="filters" aria-label={t('messages.filters')}>
          <Typed
            className="f-facility"
            label={t('jobs.unit')}
            placeholder={t('jobs.unitHint')}
            value={unit}
            onValue={(value) => put('unit', value)}
            testId="jobs-unit"
          />
          {view === 'sessions' ? (
            <Switch
              label={t('jobs.openOnly')}
              checked={address.get('open') === 'true'}
              onChange={(event) => put('open', event.currentTarget.checked ? 'true' : null)}
              data-testid="jobs-open"
            />
          ) : (
            <Select
              size="xs"
              label={t('jobs.days')}
              value={days}
              allowDeselect={false}
              onChange={(value) => put('days', value)}
              data={[...DAYS]}
            />
          )}
        </search>
      )}
      {session !== null ? (
        <JobSessionView id={session} />
      ) : view === 'sessions' ? (
        <SessionList unit={unit} open={address.get('open') === 'true'} onOpen={(id) => put('session', id)} />
      ) : (
        <PlanList unit={unit} days={days} onOpen={(id) => put('session', id)} />
      )}
    </div>
  );
}
