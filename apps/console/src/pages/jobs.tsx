import '../operations.js';
import '../styles/jobs.css';
import '../styles/job-graph.css';
import { Button, Switch } from '@mantine/core';
import { useState } from 'react';
import { JobLive } from '../components/job-live.js';
import { JobSessionView, SESSION_SHOWS } from '../components/job-session.js';
import { JobSettings } from '../components/job-settings.js';
import { StartDialog } from '../components/job-start.js';
import { JOB_VIEWS, type JobView, JobViews, oneOf } from '../components/job-views.js';
import { PLAN_DAYS, PlanList } from '../components/plan-list.js';
import { Typed } from '../components/typed.js';
import { UnitEditor } from '../components/unit-editor.js';
import { UNIT_TABS } from '../components/unit-head.js';
import { UnitTree } from '../components/unit-tree.js';
import { useMe } from '../components/use-me.js';
import { type Put, usePageAddress } from '../components/use-page-address.js';
import { useText } from '../i18n/language.js';

const NEW = '+';
/** With a list of sessions in them, that a unit narrows. */
const BY_UNIT: readonly JobView[] = ['sessions', 'gantt', 'plan'];

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
          <JobViews view={view} onView={(next) => setAddress(next === 'sessions' ? {} : { view: next })} />
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

interface ChosenProps {
  readonly view: JobView;
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
        <JobSettings key={view} kind={view === 'triggers' ? 'job-trigger' : 'job-queue'} opened={address.get('id')} put={put} />
      ) : (
        <JobLive view={view} unit={unit} address={address} put={put} onSession={toSession} />
      )}
    </>
  );
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
