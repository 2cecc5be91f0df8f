import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api } from '../api/client.js';
import { useCluster, useLinkState } from '../api/live.js';
import { lostAtMs } from '../api/reconnect.js';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';
import { AlertIcon, CheckIcon, PauseIcon } from './icons.js';
import { type Strip, stripOf } from './strip-model.js';
import { useMe } from './use-me.js';

const SELF_EVERY_MS = 15_000;

export function Verdict({ strip }: { readonly strip: Strip }) {
  const { t } = useText();
  const { verdict, to, seconds } = strip;
  if (verdict === 'paused')
    return (
      <span className="strip-verdict text-busy">
        <PauseIcon /> {t('strip.paused')}
      </span>
    );
  if (verdict === 'nobody')
    return (
      <span className="strip-verdict text-bad">
        <AlertIcon /> <span className="only-wide">{t('strip.label')}</span> {t('strip.nobody')}
      </span>
    );
  const where = { to: to ?? '?' };
  return (
    <span className={verdict === 'safe' ? 'strip-verdict text-good' : 'strip-verdict text-busy'}>
      {verdict === 'safe' ? <CheckIcon /> : <AlertIcon />} <span className="only-wide">{t('strip.label')}</span>{' '}
      {seconds === null ? t('strip.to', where) : t('strip.toWithin', { ...where, seconds })}
      <span className="only-wide"> {t(verdict === 'safe' ? 'strip.noLoss' : 'strip.loss')}</span>
    </span>
  );
}

/** How the manager itself is: the worst of what it watches. */
function SelfChip() {
  const { t } = useText();
  const { may } = useMe();
  const { data } = useQuery({
    queryKey: ['self'],
    queryFn: ({ signal }) => api.self(signal),
    refetchInterval: SELF_EVERY_MS,
    enabled: may('cluster', 'read'),
  });
  const worst = data?.watches[0];
  if (data === undefined || data.at === null || worst === undefined) return null;
  const bad = data.watches.filter(({ level }) => level === 'warning' || level === 'critical').length;
  return (
    <Link to="/self" className={`strip-self strip-${worst.level}`} data-testid="strip-self" data-level={worst.level}>
      {bad === 0 ? t('strip.selfWell') : t('strip.selfBad', { count: bad })}
    </Link>
  );
}

/** On every page: who is what, and whether the next fault would be survived. */
export function ClusterStrip() {
  const { t } = useText();
  const { status } = useCluster();
  const isStale = lostAtMs(useLinkState()) !== null;
  if (status === undefined) return <div className="strip" />;
  const strip = stripOf(status);
  return (
    <aside className={isStale ? 'strip stale' : 'strip'} aria-label={t('strip.title')} data-testid="cluster-strip">
      <Link to="/cluster" className="strip-nodes">
        {strip.nodes.length === 0 && t('strip.title')}
        {strip.nodes.map(({ name, role, tone }) => (
          <span key={name} className="strip-node" data-testid={`strip-${name}`} data-role={role}>
            <i className={`dot bg-${tone}`} aria-hidden="true" />
            <strong>{name}</strong> <span className="only-wide">{named(t, 'role', role)}</span>
          </span>
        ))}
        {strip.arbiter !== null && (
          <span className="strip-node only-wide">
            <i className={strip.arbiter.isVoting ? 'dot bg-good' : 'dot bg-bad'} aria-hidden="true" />
            <strong>{strip.arbiter.name}</strong> {t(strip.arbiter.isVoting ? 'strip.votes' : 'strip.votesNot')}
          </span>
        )}
      </Link>
      <Verdict strip={strip} />
      <span className="grow" />
      {strip.redAlarms > 0 && (
        <Link to="/cluster" className="strip-self strip-critical">
          {t('strip.alarms', { count: strip.redAlarms })}
        </Link>
      )}
      <SelfChip />
    </aside>
  );
}
