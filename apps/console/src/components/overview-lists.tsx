import type { Overview } from '@yosugara/protocol';
import { Link } from 'react-router';
import { serverNowMs } from '../api/client.js';
import { age, visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { PriorityBadge } from './priority.js';
import { SelfLevelBadge } from './self-level.js';
import { Time } from './time.js';

/* What is wrong, each kind in a list of its own, and none where nothing is. */

export function Silent({ silent, agents }: Pick<Overview, 'silent' | 'agents'>) {
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

export function LateJobs({ jobs }: { readonly jobs: NonNullable<Overview['jobs']> }) {
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

export function Self({ self }: { readonly self: NonNullable<Overview['self']> }) {
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
