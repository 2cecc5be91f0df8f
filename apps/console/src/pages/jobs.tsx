import '../operations.js';
import '../styles/jobs.css';
import '../styles/job-graph.css';
import { Badge, Button, SegmentedControl, Select, Switch } from '@mantine/core';
import type { SettingKind, SettingView } from '@yosugara/protocol';
import { useCallback, useMemo, useState } from 'react';
import { Gantt } from '../components/gantt.js';
import type { Span } from '../components/gantt-model.js';
import { Approvals, useApprovals } from '../components/job-approvals.js';
import { QueueStates } from '../components/job-queues.js';
import { JobSessionView, SESSION_SHOWS } from '../components/job-session.js';
import { StartDialog } from '../components/job-start.js';
import { PLAN_DAYS, PlanList } from '../components/plan-list.js';
import { SessionList } from '../components/session-list.js';
import { SettingEditor } from '../components/setting-editor.js';
import { SettingTable } from '../components/setting-table.js';
import { TriggerTimes } from '../components/trigger-times.js';
import { Typed } from '../components/typed.js';
import { UNIT_TABS, UnitEditor } from '../components/unit-editor.js';
import { UnitTree } from '../components/unit-tree.js';
import { useJobStream } from '../components/use-job-stream.js';
import { useMe } from '../components/use-me.js';
import { useNarrow } from '../components/use-narrow.js';
import { type Put, usePageAddress } from '../components/use-page-address.js';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import type { Translate } from '../i18n/translate.js';
import { named } from '../i18n/translate.js';

export const JOB_VIEWS = ['sessions', 'approvals', 'gantt', 'plan', 'queues', 'units', 'triggers', 'queue-settings'] as const;
type View = (typeof JOB_VIEWS)[number];
const NEW = '+';
/** With a list of sessions in them, that a unit narrows. */
const BY_UNIT: readonly View[] = ['sessions', 'gantt', 'plan'];

const oneOf = <T extends string>(values: readonly T[], text: string | null): T =>
  values.find((each) => each === text) ?? values[0]!;

/** Jobs: what runs and ran, what waits for people, when what comes, and what all of that is made of. */
export function JobsPage() {
  const { t } = useText();
  const { may } = useMe();
  const { address, setAddress, put } = usePageAddress();
  const [starting, setStarting] = useState<string | null>(null);
  const view = oneOf(JOB_VIEWS, address.get('view'));
  const session = address.get('session');
  return (
    <div className="messages-page jobs-page" data-testid="jobs-page">
      <div className="page-head">
        <h1>{t('jobs.title')}</h1>
        {session === null ? (
          <Views view={view} onView={(next) => setAddress(next === 'sessions' ? {} : { view: next })} />
        ) : (
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => put({ session: null, show: null, in: null, job: null })}
            data-testid="jobs-back"
          >
            {t('jobs.back')}
          </Button>
        )}
        <span className="grow" />
        {may('job', 'execute') && session === null && (
          <Button size="compact-sm" onClick={() => setStarting(address.get('unit') ?? '')} data-testid="jobs-run">
            {t('jobs.run')}
          </Button>
        )}
      </div>
      {starting !== null && (
        <StartDialog
          unit={starting}
          onClose={() => setStarting(null)}
          onBegun={(id) => {
            setStarting(null);
            put({ session: id, show: 'map', in: null, job: null });
          }}
        />
      )}
      {session === null ? (
        <Chosen view={view} address={address} put={put} onRun={setStarting} />
      ) : (
        <JobSessionView
          key={session}
          id={session}
          show={oneOf(SESSION_SHOWS, address.get('show'))}
          net={address.get('in') ?? ''}
          job={address.get('job')}
          put={put}
        />
      )}
    </div>
  );
}

const APPROVALS_EVERY_MS = 15_000;

function Views({ view, onView }: { readonly view: View; readonly onView: (view: View) => void }) {
  const { t } = useText();
  const isNarrow = useNarrow();
  const { data } = useApprovals(APPROVALS_EVERY_MS);
  const waiting = data?.approvals.filter(({ mine }) => mine).length ?? 0;
  const label = (each: View) => t(`jobs.view.${each}`);
  if (isNarrow)
    return (
      <Select
        size="xs"
        aria-label={t('jobs.title')}
        value={view}
        allowDeselect={false}
        onChange={(next) => onView(oneOf(JOB_VIEWS, next))}
        data={JOB_VIEWS.map((each) => ({
          value: each,
          label: each === 'approvals' && waiting > 0 ? `${label(each)} (${waiting})` : label(each),
        }))}
        data-testid="job-views"
      />
    );
  return (
    <SegmentedControl
      size="xs"
      aria-label={t('jobs.title')}
      value={view}
      onChange={(next) => onView(oneOf(JOB_VIEWS, next))}
      data={JOB_VIEWS.map((each) => ({
        value: each,
        label:
          each === 'approvals' && waiting > 0 ? (
            <span className="view-label">
              {label(each)}{' '}
              <Badge size="xs" circle color="orange.9" data-testid="approvals-waiting">
                {waiting}
              </Badge>
            </span>
          ) : (
            label(each)
          ),
      }))}
      data-testid="job-views"
    />
  );
}

interface ChosenProps {
  readonly view: View;
  readonly address: URLSearchParams;
  readonly put: Put;
  readonly onRun: (unit: string) => void;
}

function Chosen({ view, address, put, onRun }: ChosenProps) {
  const { t } = useText();
  const unit = address.get('unit') ?? '';
  const toSession = (session: string, job: string | null) => put({ session, show: 'map', job, in: null });
  return (
    <>
      {BY_UNIT.includes(view) && (
        <search className="filters" aria-label={t('messages.filters')}>
          <Typed
            className="f-facility"
            label={t('jobs.unit')}
            placeholder={t('jobs.unitHint')}
            value={unit}
            onValue={(value) => put({ unit: value })}
            testId="jobs-unit"
          />
          {view === 'sessions' && (
            <Switch
              label={t('jobs.openOnly')}
              checked={address.get('open') === 'true'}
              onChange={(event) => put({ open: event.currentTarget.checked ? 'true' : null })}
              data-testid="jobs-open"
            />
          )}
        </search>
      )}
      {view === 'plan' ? (
        <PlanList unit={unit} trigger={address.get('trigger') ?? ''} days={oneOf(PLAN_DAYS, address.get('days'))} put={put} />
      ) : view === 'units' ? (
        <Units address={address} put={put} onRun={onRun} />
      ) : view === 'triggers' || view === 'queue-settings' ? (
        <Settings key={view} kind={view === 'triggers' ? 'job-trigger' : 'job-queue'} opened={address.get('id')} put={put} />
      ) : (
        <Live view={view} unit={unit} address={address} put={put} onSession={toSession} />
      )}
    </>
  );
}

interface LiveProps {
  readonly view: View;
  readonly unit: string;
  readonly address: URLSearchParams;
  readonly put: Put;
  readonly onSession: (session: string, job: string | null) => void;
}

/** `,` is in no key of a row: ids of jobs have none. */
const OPEN_SEPARATOR = ',';

function Live({ view, unit, address, put, onSession }: LiveProps) {
  const everyMs = useJobStream(unit === '' ? '' : `unit=${encodeURIComponent(unit)}`);
  const rows = address.get('rows') ?? '';
  const open = useMemo(() => new Set(rows.split(OPEN_SEPARATOR).filter(Boolean)), [rows]);
  const onSpan = useCallback(
    (span: Span | null) =>
      put({
        from: span === null ? null : new Date(span.fromMs).toISOString(),
        to: span === null ? null : new Date(span.toMs).toISOString(),
      }),
    [put],
  );
  if (view === 'approvals') return <Approvals everyMs={everyMs} onSession={onSession} />;
  if (view === 'queues') return <QueueStates everyMs={everyMs} onSession={onSession} />;
  if (view === 'gantt')
    return (
      <Gantt
        span={spanOf(address)}
        unit={unit}
        open={open}
        isTable={address.get('as') === 'table'}
        everyMs={everyMs}
        onSpan={onSpan}
        onOpenRows={(after) => put({ rows: [...after].join(OPEN_SEPARATOR) })}
        onTable={(isTable) => put({ as: isTable ? 'table' : null })}
        onSession={onSession}
      />
    );
  return (
    <SessionList unit={unit} open={address.get('open') === 'true'} everyMs={everyMs} onOpen={(id) => put({ session: id })} />
  );
}

function spanOf(address: URLSearchParams): Span | null {
  const [fromMs, toMs] = [Date.parse(address.get('from') ?? ''), Date.parse(address.get('to') ?? '')];
  return Number.isNaN(fromMs) || Number.isNaN(toMs) || toMs <= fromMs ? null : { fromMs, toMs };
}

function Units({
  address,
  put,
  onRun,
}: {
  readonly address: URLSearchParams;
  readonly put: Put;
  readonly onRun: (unit: string) => void;
}) {
  const { t } = useText();
  const unit = address.get('unit');
  const net = address.get('in') ?? '';
  return (
    <div className={unit === null ? 'units' : 'units has-unit'} data-testid="units-page">
      <UnitTree
        unit={unit}
        net={net}
        onGo={(id, to) => put({ unit: id, in: to, job: null, tab: null })}
        onNew={() => put({ unit: NEW, in: null, job: null, tab: 'unit' })}
      />
      {unit === null ? (
        <p className="empty grow">{t('unit.choose')}</p>
      ) : (
        <UnitEditor
          key={unit}
          id={unit === NEW ? null : unit}
          net={net}
          job={address.get('job')}
          tab={oneOf(UNIT_TABS, address.get('tab'))}
          put={put}
          onRun={onRun}
        />
      )}
    </div>
  );
}

function aboutTrigger(body: Partial<Record<string, unknown>>, t: Translate): string {
  const schedule = body['schedule'] as Partial<Record<string, unknown>> | undefined;
  const when = schedule === undefined ? '' : String(schedule['expression'] ?? [schedule['kind'], schedule['at'] ?? ''].join(' '));
  const calendar = body['calendar'] == null ? '' : t('plan.calendar', { calendar: String(body['calendar']) });
  return [
    named(t, 'triggerType', String(body['type'] ?? '')),
    when,
    `→ ${[body['unit'], body['job']].filter(Boolean).join('/')}`,
    calendar,
  ]
    .filter(Boolean)
    .join(' · ');
}

function About({ setting }: { readonly setting: SettingView }) {
  const { t } = useText();
  const body = (setting.body ?? {}) as Partial<Record<string, unknown>>;
  const text =
    setting.kind === 'job-trigger'
      ? aboutTrigger(body, t)
      : t('queues.about', { concurrency: String(body['concurrency'] ?? ''), capacity: String(body['capacity'] ?? '') });
  return <span className="dim">{visible(text)}</span>;
}

function Settings({
  kind,
  opened,
  put,
}: {
  readonly kind: SettingKind & ('job-trigger' | 'job-queue');
  readonly opened: string | null;
  readonly put: Put;
}) {
  const { t } = useText();
  return (
    <>
      <SettingTable
        kind={kind}
        about={(setting) => <About setting={setting} />}
        onOpen={(id) => put({ id })}
        onNew={() => put({ id: NEW })}
        empty={t('settings.noneYet')}
      />
      {opened !== null && (
        <SettingEditor
          key={opened}
          kind={kind}
          id={opened === NEW ? null : opened}
          names="job"
          {...(kind === 'job-trigger' ? { begin: { timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone } } : {})}
          above={({ body }) => (kind === 'job-trigger' ? <TriggerTimes body={body} /> : null)}
          onClose={() => put({ id: null })}
        />
      )}
    </>
  );
}
