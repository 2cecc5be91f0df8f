import { Alert, Button, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { JobInSession, JobSessionDetail, JobUnitBody } from '@yosugara/protocol';
import { useMemo } from 'react';
import { jobsApi } from '../api/jobs.js';
import { settingsApi } from '../api/settings.js';
import { duration, localTime, visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';
import { JobGraph } from './job-graph.js';
import { layoutOf, NARROW, WIDE } from './job-graph-model.js';
import { GraphPath } from './job-graph-path.js';
import { type GraphJob, graphJob } from './job-graph-waits.js';
import { signOf, toneOf } from './job-model.js';
import { OperateMenu } from './job-operate.js';
import { Outputs } from './job-outputs.js';
import { JobStateBadge } from './job-state.js';
import { findJob } from './unit-model.js';
import { useNarrow } from './use-narrow.js';
import { useNow } from './use-now.js';

/** The unit as it was when the session began; null = it cannot be read any more: edges have no words then. */
function useRevision(unit: string, revision: number): JobUnitBody | null {
  const { data } = useQuery({
    queryKey: ['settings', 'revision', 'job-unit', unit, revision],
    queryFn: async ({ signal }) => {
      const now = await settingsApi.show('job-unit', unit, signal).catch(() => null);
      if (now?.revision === revision) return now.body as JobUnitBody;
      const { revisions } = await settingsApi.history('job-unit', unit, signal);
      return (revisions.find((each) => each.revision === revision)?.setting?.body ?? null) as JobUnitBody | null;
    },
    // A revision never changes.
    staleTime: Number.POSITIVE_INFINITY,
  });
  return data ?? null;
}

/** Jobs of a reference are called `REFERENCE/JOB`: what stands before the job's own id. */
const prefixOf = (job: string) => job.slice(0, job.lastIndexOf('/') + 1);

export function graphOfSession(jobs: readonly JobInSession[], unit: JobUnitBody | null): readonly GraphJob[] {
  const here = new Set(jobs.map(({ job }) => job));
  return jobs.map(({ job, waitsFor }) => {
    const prefix = prefixOf(job);
    const found = unit === null ? null : (findJob(unit, job.slice(prefix.length))?.job ?? null);
    const written = found === null ? null : graphJob(found);
    return {
      id: job,
      waits: waitsFor
        .filter((from) => here.has(from))
        .map((from) => {
          const said = written?.waits.find((each) => prefix + each.from === from);
          return { from, says: said?.says ?? '', isNormalOnly: said?.isNormalOnly ?? true };
        }),
      branches: (written?.branches ?? []).map((branch) => prefix + branch),
      others: written?.others ?? [],
    };
  });
}

/** Its ancestors, outermost first, itself last. */
export function pathInSession(jobs: readonly JobInSession[], net: string): readonly string[] {
  const parents = new Map(jobs.map(({ job, parent }) => [job, parent]));
  const path: string[] = [];
  for (let at = net; at !== '' && parents.has(at); at = parents.get(at)!) path.unshift(at);
  return path;
}

interface MapProps {
  readonly session: JobSessionDetail;
  readonly net: string;
  readonly chosen: string | null;
  readonly onGo: (net: string, job: string | null) => void;
}

/** The graph of a running session: how each job is, in colour, sign and word. */
export function JobMap({ session, net, chosen, onGo }: MapProps) {
  const { t } = useText();
  const isNarrow = useNarrow();
  const unit = useRevision(session.unit, session.revision);
  const path = pathInSession(session.jobs, net);
  const within = path.at(-1) ?? '';
  const jobs = session.jobs.filter(({ parent }) => parent === within);
  const graph = graphOfSession(jobs, unit);
  const key = JSON.stringify(graph);
  // Jobs change every moment, the picture does not.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says all of the graph.
  const layout = useMemo(() => layoutOf(graph, isNarrow ? NARROW : WIDE), [key, isNarrow]);
  const byId = new Map(jobs.map((job) => [job.job, job]));
  const told = new Map(graph.map((job) => [job.id, job]));
  const found = session.jobs.find(({ job }) => job === chosen) ?? null;
  const look = (id: string) => {
    const job = byId.get(id);
    if (job === undefined) return { className: '', more: '', children: id };
    const state = named(t, 'jobState', job.state);
    const end = job.endStatus === null ? '' : named(t, 'endStatus', job.endStatus);
    const waits = told.get(id)?.waits.map(({ from }) => from) ?? [];
    return {
      className: `is-${toneOf(job)}${job.type === 'jobnet' ? ' is-net' : ''}`,
      more: waits.length === 0 ? '' : t('jobs.waitsFor', { jobs: waits.join(', ') }),
      children: (
        <>
          <span className="graph-box-head">
            <span className="graph-box-id clip">{visible(id.slice(prefixOf(id).length))}</span>
            <span className="graph-box-type">{named(t, 'jobType', job.type)}</span>
          </span>
          <span className={`graph-box-state tone-${toneOf(job)}`}>
            <span className="job-sign" aria-hidden="true">
              {signOf(job)}
            </span>{' '}
            <span className="clip">{end === '' ? state : `${state} · ${end}`}</span>
            {job.attempt > 1 && <span className="dim"> ×{job.attempt}</span>}
          </span>
        </>
      ),
    };
  };
  return (
    <div className="map">
      <div className="map-main">
        <GraphPath unit={session.unitName} path={path} onGo={(to) => onGo(to, null)} />
        <JobGraph
          layout={layout}
          sizes={isNarrow ? NARROW : WIDE}
          label={t('graph.session', { session: session.id })}
          chosen={chosen}
          onChoose={(job) => onGo(within, job)}
          onOpen={(job) => byId.get(job)?.type === 'jobnet' && onGo(job, null)}
          look={look}
        />
      </div>
      {found !== null && (
        <JobPanel session={session.id} job={found} onOpen={() => onGo(found.job, null)} onClose={() => onGo(within, null)} />
      )}
    </div>
  );
}

function JobPanel({
  session,
  job,
  onOpen,
  onClose,
}: {
  readonly session: string;
  readonly job: JobInSession;
  readonly onOpen: () => void;
  readonly onClose: () => void;
}) {
  const { t, language } = useText();
  const now = useNow(job.endedAt === null ? 1_000 : 0);
  const { startedAt, endedAt } = job;
  const took = startedAt === null ? null : (endedAt === null ? now : Date.parse(endedAt)) - Date.parse(startedAt);
  return (
    <aside className="side-form" aria-label={t('map.job', { job: job.job })} data-testid="map-panel">
      <div className="side-head">
        <h2 className="clip">{visible(job.job)}</h2>
        <Button size="compact-xs" variant="subtle" color="gray" onClick={onClose} aria-label={t('common.close')}>
          ✕
        </Button>
      </div>
      <p>
        <JobStateBadge how={job} /> <span className="dim">{visible(job.name)}</span>
      </p>
      <div className="side-tools">
        <OperateMenu target={{ session, job: job.job, operations: job.operations }} />
        {job.type === 'jobnet' && (
          <Button size="compact-xs" variant="default" onClick={onOpen} data-testid="map-open">
            {t('map.open')}
          </Button>
        )}
      </div>
      <dl className="job-facts">
        {startedAt !== null && <Fact name={t('map.started')} value={localTime(startedAt)} />}
        {endedAt !== null && <Fact name={t('map.ended')} value={localTime(endedAt)} />}
        {took !== null && <Fact name={t('map.took')} value={duration(Math.max(0, took), language)} />}
        {job.waitsFor.length > 0 && <Fact name={t('map.waits')} value={job.waitsFor.join(', ')} />}
        {job.queue !== null && <Fact name={t('map.queue')} value={job.queue} />}
        {Object.keys(job.nodes).length > 0 && (
          <Fact
            name={t('map.nodes')}
            value={Object.entries(job.nodes)
              .map(([state, count]) => t('jobs.nodes', { count, state: named(t, 'runState', state) }))
              .join(', ')}
          />
        )}
        {job.why !== '' && <Fact name={t('map.why')} value={visible(job.why)} />}
      </dl>
      {job.type !== 'jobnet' && <Outputs session={session} job={job.job} />}
    </aside>
  );
}

const Fact = ({ name, value }: { readonly name: string; readonly value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd className="breakable">{value}</dd>
  </div>
);

/** A session by its address, for whoever comes with nothing else. */
export function useSession(id: string, everyMs: number) {
  return useQuery({
    queryKey: ['jobs', 'live', 'session', id],
    queryFn: ({ signal }) => jobsApi.session(id, signal),
    refetchInterval: everyMs,
  });
}

export const Waiting = ({ error }: { readonly error: Error | null }) =>
  error === null ? (
    <Loader size="sm" />
  ) : (
    <Alert color="red" role="alert">
      {error.message}
    </Alert>
  );
