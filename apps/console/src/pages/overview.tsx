import '../first.js';
import { Alert, Button, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type Overview, PRIORITIES, type PriorityTally } from '@yosugara/protocol';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { ApiError, api } from '../api/client.js';
import { Health } from '../components/overview-health.js';
import { LateJobs, Self, Silent } from '../components/overview-lists.js';
import { jobCounts, tallied } from '../components/overview-model.js';
import { useNow } from '../components/use-now.js';
import { clockTime, integer } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';

const EVERY_MS = 4_000;

function useOverview() {
  return useQuery({
    queryKey: ['overview'],
    queryFn: ({ signal }) => api.overview(signal),
    refetchInterval: EVERY_MS,
    placeholderData: (before) => before,
  });
}

function OpenEvents({ open }: { readonly open: PriorityTally }) {
  const { t, language } = useText();
  return (
    <section className="panel tile" data-testid="overview-open">
      <h2>{t('overview.open')}</h2>
      <div className="big-counts">
        {PRIORITIES.map((priority) => (
          <Link
            key={priority}
            to={`/events?priority=${priority}`}
            className={open[priority] === 0 ? 'big-count none' : `big-count big-${priority}`}
            data-testid={`overview-open-${priority}`}
          >
            <strong className="tabular">{integer(open[priority], language)}</strong>
            <span>{t(`priority.${priority}`)}</span>
          </Link>
        ))}
      </div>
    </section>
  );
}

interface TileProps {
  readonly title: string;
  readonly to: string;
  readonly value: string;
  readonly tone: 'good' | 'busy' | 'bad' | 'plain';
  readonly testId: string;
  readonly children?: ReactNode;
}

function Tile({ title, to, value, tone, testId, children }: TileProps) {
  return (
    <section className="panel tile" data-testid={testId}>
      <h2>{title}</h2>
      <Link to={to} className={`big-number tone-${tone}`}>
        {value}
      </Link>
      <p className="dim small">{children}</p>
    </section>
  );
}

function Tiles({ found }: { readonly found: Overview }) {
  const { t, language } = useText();
  const { jobs, silent, agents, self, open } = found;
  const counts = jobs === null ? null : jobCounts(jobs.states);
  const nodes = silent === null ? 0 : silent.rows.length;
  return (
    <div className="tiles">
      {open !== null && <OpenEvents open={open} />}
      {silent !== null && (
        <Tile
          title={t('overview.silent')}
          to="/status?text="
          value={`${integer(nodes, language)}${silent.more ? '+' : ''}`}
          tone={nodes === 0 ? 'good' : 'bad'}
          testId="tile-silent"
        >
          {agents === null || agents.known === 0
            ? t('overview.noAgents')
            : t('overview.agents', { connected: integer(agents.connected, language), known: integer(agents.known, language) })}
        </Tile>
      )}
      {jobs !== null && counts !== null && (
        <Tile
          title={t('overview.jobs')}
          to="/jobs"
          value={integer(counts.running, language)}
          tone={jobs.late.length > 0 || counts.needsPeople > 0 ? 'busy' : 'plain'}
          testId="tile-jobs"
        >
          {t('overview.jobsMore', {
            late: `${jobs.late.length}${jobs.moreLate ? '+' : ''}`,
            people: integer(counts.needsPeople, language),
            failed: integer(jobs.failed, language),
          })}
        </Tile>
      )}
      {self !== null && (
        <Tile
          title={t('overview.self')}
          to="/self"
          value={named(t, 'selfLevel', self.worst)}
          tone={self.worst === 'critical' ? 'bad' : self.worst === 'warning' ? 'busy' : 'good'}
          testId="tile-self"
        >
          {self.bad.length === 0 ? t('overview.selfWell') : t('overview.selfBad', { count: self.bad.length })}
        </Tile>
      )}
    </div>
  );
}

/** One look at three in the morning: what is wrong, what is being done, and whether the next fault would be survived (the strip). */
export function OverviewPage() {
  const { t } = useText();
  const { data, error, refetch } = useOverview();
  useNow(10_000);
  if (data === undefined) {
    const isForbidden = error instanceof ApiError && error.status === 403;
    return (
      <div className="blank" role="status" data-testid="overview-page">
        <h1>{t('overview.title')}</h1>
        {error === null ? <Loader /> : <p>{isForbidden ? t('overview.forbidden') : error.message}</p>}
        {error !== null && !isForbidden && <Button onClick={() => void refetch()}>{t('common.retry')}</Button>}
      </div>
    );
  }
  const isQuiet = data.open !== null && tallied(data.open) === 0;
  return (
    <div className="cluster-page" data-testid="overview-page">
      <div className="page-head">
        <h1>{t('overview.title')}</h1>
        <span className="dim tabular">{t('cluster.asOf', { time: clockTime(new Date(data.at)) })}</span>
        {isQuiet && <span className="text-good">{t('overview.quiet')}</span>}
      </div>
      {error !== null && (
        <Alert color="yellow" role="alert">
          {error.message}
        </Alert>
      )}
      <Tiles found={data} />
      <div className="overview-grid">
        {data.scopes !== null && <Health scopes={data.scopes} />}
        <div className="overview-side">
          <Silent silent={data.silent} agents={data.agents} />
          {data.jobs !== null && <LateJobs jobs={data.jobs} />}
          {data.self !== null && <Self self={data.self} />}
        </div>
      </div>
    </div>
  );
}
