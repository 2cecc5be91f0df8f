import { Alert, Loader, SegmentedControl } from '@mantine/core';
import type { JobInSession, JobSessionDetail } from '@yosugara/protocol';
import { type CSSProperties, useEffect, useMemo, useRef } from 'react';
import { localTime, visible } from '../i18n/format.js';
import { triggerJa } from '../i18n/job-history-ja.js';
import { useText } from '../i18n/language.js';
import { ChevronIcon } from './icons.js';
import { JobMap, useSession } from './job-map.js';
import { openJobs } from './job-model.js';
import { OperateMenu } from './job-operate.js';
import { Outputs } from './job-outputs.js';
import { JobStateBadge } from './job-state.js';
import { SessionHistory } from './session-history.js';
import { useJobStream } from './use-job-stream.js';
import { useToggled } from './use-toggled.js';
import { VirtualList } from './virtual-list.js';

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

function Head({ session }: { readonly session: JobSessionDetail }) {
  const { t, language } = useText();
  const { id, unit, unitName, revision, root, trigger, scheduledAt, startedAt, endedAt, isTest, operations } = session;
  const by = trigger.id ?? trigger.type;
  const facts = [
    t('jobs.revision', { revision }),
    t('jobs.for', { time: localTime(scheduledAt) }),
    ...(startedAt === null ? [] : [t('jobs.started', { time: localTime(startedAt) })]),
    ...(endedAt === null ? [] : [t('jobs.ended', { time: localTime(endedAt) })]),
    t('jobs.trigger', { trigger: visible(language === 'ja' ? triggerJa(by, trigger.info) : `${by}: ${trigger.info}`) }),
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

interface TreeProps {
  readonly session: JobSessionDetail;
  readonly chosen: string | null;
  readonly onChoose: (job: string | null) => void;
}

/** Jobs in the order of the unit. */
function Tree({ session, chosen, onChoose }: TreeProps) {
  const [folded, fold] = useToggled();
  const rows = useMemo(() => openJobs(session.jobs, folded), [session, folded]);
  return (
    <>
      <div className="table-place">
        <VirtualList
          items={rows}
          rowPx={34}
          keyOf={(job) => job.job}
          label={session.id}
          testId="job-tree"
          cursor={chosen}
          render={(job, _, style) => (
            <Row
              key={job.job}
              session={session.id}
              job={job}
              style={style}
              isFolded={folded.has(job.job)}
              isChosen={chosen === job.job}
              onFold={() => fold(job.job)}
              onChoose={() => onChoose(chosen === job.job ? null : job.job)}
            />
          )}
        />
      </div>
      {chosen !== null && <Outputs session={session.id} job={chosen} />}
    </>
  );
}

export const SESSION_SHOWS = ['tree', 'map', 'history'] as const;
export type SessionShow = (typeof SESSION_SHOWS)[number];

interface ViewProps {
  readonly id: string;
  readonly show: SessionShow;
  readonly net: string;
  readonly job: string | null;
  readonly put: (parts: Readonly<Record<string, string | null>>) => void;
}

/** One session with its jobs as they are now: as a tree, as a map, and what became of it so far. */
export function JobSessionView({ id, show, net, job, put }: ViewProps) {
  const { t } = useText();
  const everyMs = useJobStream(`session=${encodeURIComponent(id)}`);
  const { data, error } = useSession(id, everyMs);
  const hasAsked = useRef(false);
  useEffect(() => {
    // A job of an address that lies within a jobnet is shown there.
    if (data === undefined || hasAsked.current) return;
    hasAsked.current = true;
    const found = data.jobs.find((each) => each.job === job);
    if (show === 'map' && found !== undefined && found.parent !== net) put({ in: found.parent === '' ? null : found.parent });
  });
  return (
    <>
      {error !== null && (
        <Alert color="red" role="alert">
          {error.message}
        </Alert>
      )}
      {data === undefined ? (
        error === null && <Loader size="sm" />
      ) : (
        <>
          <Head session={data} />
          <SegmentedControl
            size="xs"
            className="session-shows"
            aria-label={t('jobs.shows')}
            value={show}
            onChange={(next) => put({ show: next === 'tree' ? null : next, in: null })}
            data={SESSION_SHOWS.map((each) => ({ value: each, label: t(`jobs.show.${each}`) }))}
            data-testid="session-shows"
          />
          {show === 'map' && (
            <JobMap
              session={data}
              net={net}
              chosen={job}
              onGo={(to, chosen) => put({ in: to === '' ? null : to, job: chosen })}
            />
          )}
          {show === 'tree' && <Tree session={data} chosen={job} onChoose={(chosen) => put({ job: chosen })} />}
          {show === 'history' && <SessionHistory id={id} everyMs={everyMs} />}
        </>
      )}
    </>
  );
}
