import { Alert, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { JobInSession, JobSessionDetail } from '@yosugara/protocol';
import { type CSSProperties, useMemo, useState } from 'react';
import { jobsApi } from '../api/jobs.js';
import { bytes, localTime, visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { ChevronIcon } from './icons.js';
import { openJobs } from './job-model.js';
import { OperateMenu } from './job-operate.js';
import { JobStateBadge } from './job-state.js';
import { VirtualList } from './virtual-list.js';

const EVERY_MS = 2_000;
const INDENT_PX = 18;

interface RowProps {
  readonly session: string;
  readonly job: JobInSession;
  readonly style: CSSProperties;
  readonly isFolded: boolean;
  readonly isChosen: boolean;
  readonly onFold: () => void;
  readonly onChoose: () => void;
}

function Row({ session, job, style, isFolded, isChosen, onFold, onChoose }: RowProps) {
  const { t } = useText();
  const nodes = Object.entries(job.nodes).map(([state, count]) => t('jobs.nodes', { count, state }));
  const why = job.why !== '' ? job.why : job.waitsFor.length > 0 ? t('jobs.waitsFor', { jobs: job.waitsFor.join(', ') }) : '';
  return (
    <div className={isChosen ? 'job-row chosen' : 'job-row'} style={style} data-testid="job-row" data-job={job.job}>
      <span className="j-name clip" style={{ paddingLeft: (job.depth - 1) * INDENT_PX }}>
        {job.type === 'jobnet' && (
          <button
            type="button"
            className="status-toggle"
            aria-expanded={!isFolded}
            aria-label={t(isFolded ? 'jobs.unfold' : 'jobs.fold', { job: job.job })}
            onClick={onFold}
          >
            <ChevronIcon open={!isFolded} />
          </button>
        )}
        <button type="button" className="link-button clip" aria-pressed={isChosen} onClick={onChoose}>
          {visible(job.job)}
        </button>{' '}
        <span className="dim">{visible(job.name === '' ? job.type : job.name)}</span>
      </span>
      <span className="j-state">
        <JobStateBadge how={job} />
      </span>
      <span className="j-time dim nowrap">{job.startedAt === null ? '' : localTime(job.startedAt)}</span>
      <span className="j-why clip" title={visible(why)}>
        {visible([nodes.join(', '), why].filter(Boolean).join(' — '))}
      </span>
      <span className="j-operations">
        <OperateMenu target={{ session, job: job.job, operations: job.operations }} />
      </span>
    </div>
  );
}

function Outputs({ session, job }: { readonly session: string; readonly job: string }) {
  const { t } = useText();
  const { data, error } = useQuery({
    queryKey: ['jobs', 'job', session, job],
    queryFn: ({ signal }) => jobsApi.job(session, job, signal),
    refetchInterval: EVERY_MS,
  });
  if (error !== null) return <Alert color="red">{error.message}</Alert>;
  if (data === undefined) return <Loader size="sm" />;
  return (
    <section className="job-outputs" aria-label={t('jobs.output')} data-testid="job-outputs">
      {data.outputs.length === 0 && <p className="dim">{t('jobs.noOutput')}</p>}
      {data.outputs.map(({ facility, attempt, stdout, stderr, stdoutBytes, stderrBytes }) => (
        <div key={`${facility} ${attempt}`}>
          <p className="dim">
            {t('jobs.outputOf', { facility: visible(facility), attempt, bytes: bytes(stdoutBytes + stderrBytes) })}
          </p>
          {stdout !== '' && <pre>{visible(stdout, true)}</pre>}
          {stderr !== '' && <pre className="job-stderr">{visible(stderr, true)}</pre>}
        </div>
      ))}
    </section>
  );
}

function Head({ session }: { readonly session: JobSessionDetail }) {
  const { t } = useText();
  const { id, unit, unitName, revision, root, trigger, scheduledAt, startedAt, endedAt, isTest, operations } = session;
  const facts = [
    t('jobs.revision', { revision }),
    t('jobs.for', { time: localTime(scheduledAt) }),
    ...(startedAt === null ? [] : [t('jobs.started', { time: localTime(startedAt) })]),
    ...(endedAt === null ? [] : [t('jobs.ended', { time: localTime(endedAt) })]),
    t('jobs.trigger', { trigger: visible(`${trigger.id ?? trigger.type}: ${trigger.info}`) }),
    ...(isTest ? [t('jobs.test')] : []),
  ];
  return (
    <div className="job-head" data-testid="session-head">
      <strong className="tabular">{id}</strong>
      <span>
        {visible(unitName)} <span className="dim">{visible(root === null ? unit : `${unit}/${root}`)}</span>
      </span>
      <JobStateBadge how={session} />
      <OperateMenu target={{ session: id, job: null, operations }} />
      <span className="dim">{facts.join(' · ')}</span>
    </div>
  );
}

/** One session with its jobs as they are now. */
export function JobSessionView({ id }: { readonly id: string }) {
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const [chosen, setChosen] = useState<string | null>(null);
  const { data, error } = useQuery({
    queryKey: ['jobs', 'session', id],
    queryFn: ({ signal }) => jobsApi.session(id, signal),
    refetchInterval: EVERY_MS,
  });
  const rows = useMemo(() => openJobs(data?.jobs ?? [], folded), [data, folded]);
  const fold = (job: string) =>
    setFolded((before) => {
      const after = new Set(before);
      if (!after.delete(job)) after.add(job);
      return after;
    });
  return (
    <>
      {error !== null && (
        <Alert color="red" role="alert">
          {error.message}
        </Alert>
      )}
      {data === undefined ? error === null && <Loader size="sm" /> : <Head session={data} />}
      <div className="table-place">
        <VirtualList
          items={rows}
          rowPx={34}
          keyOf={(job) => job.job}
          label={id}
          testId="job-tree"
          render={(job, _, style) => (
            <Row
              key={job.job}
              session={id}
              job={job}
              style={style}
              isFolded={folded.has(job.job)}
              isChosen={chosen === job.job}
              onFold={() => fold(job.job)}
              onChoose={() => setChosen(chosen === job.job ? null : job.job)}
            />
          )}
        />
      </div>
      {chosen !== null && <Outputs session={id} job={chosen} />}
    </>
  );
}
