import '../first.js';
import { Alert, Button, Loader, Switch } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type Overview, PRIORITIES, type PriorityTally } from '@yosugara/protocol';
import { type ReactNode, useMemo, useState } from 'react';
import { Link } from 'react-router';
import { ApiError, api, serverNowMs } from '../api/client.js';
import { ChevronIcon } from '../components/icons.js';
import { healthLines, jobCounts, type ScopeLine, tallied, worstOfScope } from '../components/overview-model.js';
import { PriorityBadge } from '../components/priority.js';
import { SelfLevelBadge } from '../components/self-level.js';
import { Time } from '../components/time.js';
import { useNow } from '../components/use-now.js';
import { useToggled } from '../components/use-toggled.js';
import { age, clockTime, integer, visible } from '../i18n/format.js';
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

/** Of one scope or of all: each priority with where its rows are. */
function Tally({
  tally,
  to,
  label,
}: {
  readonly tally: PriorityTally;
  readonly to: (priority: string) => string;
  readonly label: string;
}) {
  const { t, language } = useText();
  const some = PRIORITIES.filter((priority) => tally[priority] > 0);
  if (some.length === 0) return <span className="dim">–</span>;
  return (
    <span className="tally">
      {some.map((priority) => (
        <Link
          key={priority}
          to={to(priority)}
          className={`priority priority-${priority}`}
          title={`${label}: ${t(`priority.${priority}`)}`}
        >
          <span className="hidden">{t(`priority.${priority}`)} </span>
          {integer(tally[priority], language)}
        </Link>
      ))}
    </span>
  );
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

function ScopeRow({ line, onToggle }: { readonly line: ScopeLine; readonly onToggle: () => void }) {
  const { t, language } = useText();
  const { scope, depth, hasBelow, isOpen } = line;
  const worst = worstOfScope(scope);
  const id = encodeURIComponent(scope.id);
  return (
    <li className="health-row" data-testid="health-row" data-id={scope.id} data-worst={worst ?? ''}>
      <span className="health-name" style={{ paddingLeft: depth * 16 }}>
        {hasBelow ? (
          <button
            type="button"
            className="expander"
            aria-expanded={isOpen}
            aria-label={t(isOpen ? 'mibs.collapse' : 'mibs.expand', { name: scope.name })}
            onClick={onToggle}
          >
            <ChevronIcon open={isOpen} />
          </button>
        ) : (
          <span className="scope-leaf" />
        )}
        <i className={worst === null ? 'dot bg-unknown' : `dot priority-fill-${worst}`} aria-hidden="true" />
        <Link to={`/status?facility=${id}`} className="clip" data-row>
          {visible(scope.name)}
        </Link>
        <span className="dim tabular small only-wide">{t('overview.nodes', { count: integer(scope.nodes, language) })}</span>
      </span>
      <span className="health-cell" data-label={t('overview.now')}>
        <Tally tally={scope.now} label={t('overview.now')} to={(priority) => `/status?facility=${id}&priority=${priority}`} />
      </span>
      <span className="health-cell" data-label={t('overview.open')}>
        <Tally tally={scope.open} label={t('overview.open')} to={(priority) => `/events?facility=${id}&priority=${priority}`} />
      </span>
    </li>
  );
}

function Health({ scopes }: { readonly scopes: NonNullable<Overview['scopes']> }) {
  const { t } = useText();
  const [folded, toggle] = useToggled();
  const [onlyTrouble, setOnlyTrouble] = useState(false);
  const lines = useMemo(() => healthLines(scopes, folded, onlyTrouble), [scopes, folded, onlyTrouble]);
  return (
    <section className="panel health" data-testid="overview-health">
      <div className="rate-head">
        <h2>{t('overview.health')}</h2>
        <span className="grow" />
        <Switch
          size="xs"
          label={t('overview.onlyTrouble')}
          checked={onlyTrouble}
          onChange={(event) => setOnlyTrouble(event.currentTarget.checked)}
        />
      </div>
      <div className="health-row health-head" aria-hidden="true">
        <span>{t('overview.scope')}</span>
        <span className="health-cell">{t('overview.now')}</span>
        <span className="health-cell">{t('overview.open')}</span>
      </div>
      {lines.length === 0 ? (
        <p className="empty">{t(onlyTrouble ? 'overview.noTrouble' : 'overview.noScopes')}</p>
      ) : (
        <ul className="health-list" aria-label={t('overview.health')}>
          {lines.map((line) => (
            <ScopeRow key={line.scope.id} line={line} onToggle={() => toggle(line.scope.id)} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Silent({ silent, agents }: Pick<Overview, 'silent' | 'agents'>) {
  const { t, language } = useText();
  const nowMs = serverNowMs();
  const rows = silent?.rows ?? [];
  const away = agents?.away ?? [];
  if (rows.length + away.length === 0) return null;
  return (
    <section className="panel" data-testid="overview-silent">
      <h2>{t('overview.silent')}</h2>
      <ul className="plain-list">
        {rows.map(({ facility, name, since, priority, message, monitor }) => (
          <li key={facility}>
            <PriorityBadge priority={priority} />
            <Link to={`/repository/node/${encodeURIComponent(facility)}`} data-row>
              {visible(name)}
            </Link>
            <span className="dim clip grow" title={visible(message)}>
              {visible(monitor)}: {visible(message)}
            </span>
            <span className="dim tabular nowrap">
              <Time iso={since} text={age(nowMs - Date.parse(since), language)} />
            </span>
          </li>
        ))}
        {away.map((agent) => (
          <li key={`agent ${agent}`}>
            <span className="tag">{t('overview.agent')}</span>
            <Link to={`/repository/node/${encodeURIComponent(agent)}`} data-row>
              {visible(agent)}
            </Link>
            <span className="dim grow">{t('overview.agentAway')}</span>
          </li>
        ))}
      </ul>
      {silent?.more === true && <p className="dim small">{t('overview.more')}</p>}
    </section>
  );
}

function LateJobs({ jobs }: { readonly jobs: NonNullable<Overview['jobs']> }) {
  const { t } = useText();
  if (jobs.late.length === 0) return null;
  return (
    <section className="panel" data-testid="overview-late">
      <h2>{t('overview.late')}</h2>
      <ul className="plain-list">
        {jobs.late.map(({ session, unit, job, why }) => (
          <li key={`${session} ${job}`}>
            <span className="tag text-busy">{t(`overview.${why}`)}</span>
            <Link to={`/jobs?session=${encodeURIComponent(session)}`} className="clip" data-row>
              {visible(unit)} · {visible(job)}
            </Link>
            <span className="grow" />
            <span className="dim mono small">{session}</span>
          </li>
        ))}
      </ul>
      {jobs.moreLate && <p className="dim small">{t('overview.more')}</p>}
    </section>
  );
}

function Self({ self }: { readonly self: NonNullable<Overview['self']> }) {
  const { t, language } = useText();
  const nowMs = serverNowMs();
  if (self.bad.length === 0) return null;
  return (
    <section className="panel" data-testid="overview-self">
      <h2>{t('overview.self')}</h2>
      <ul className="plain-list">
        {self.bad.map(({ watch, item, level, since, says }) => (
          <li key={`${watch} ${item}`}>
            <SelfLevelBadge level={level} />
            <Link to={`/self?watch=${encodeURIComponent(watch)}`} data-row>
              {watch}
            </Link>
            <span className="dim clip grow" title={visible(says ?? '')}>
              {visible(says ?? item)}
            </span>
            {since !== null && (
              <span className="dim tabular nowrap">
                <Time iso={since} text={age(nowMs - Date.parse(since), language)} />
              </span>
            )}
          </li>
        ))}
      </ul>
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
