import type { WidgetOf } from '@yosugara/protocol';
import { Link } from 'react-router';
import { useCluster, useLinkState } from '../../api/live.js';
import { lostAtMs } from '../../api/reconnect.js';
import { useText } from '../../i18n/language.js';
import { named } from '../../i18n/translate.js';
import { Verdict } from '../cluster-strip.js';
import { stripOf } from '../strip-model.js';
import { Frame } from './frame.js';

export function ClusterWidget({ widget }: { readonly widget: WidgetOf<'cluster'> }) {
  const { t } = useText();
  const { status } = useCluster();
  const isStale = lostAtMs(useLinkState()) !== null;
  const strip = status === undefined ? null : stripOf(status);
  return (
    <Frame widget={widget} empty={strip === null ? t('app.connecting') : null}>
      {strip !== null && (
        <Link to="/cluster" className={isStale ? 'widget-cluster stale' : 'widget-cluster'} data-testid="widget-cluster">
          {strip.nodes.map(({ name, role, tone }) => (
            <span key={name} className="widget-node">
              <i className={`dot bg-${tone}`} aria-hidden="true" />
              <strong>{name}</strong> {named(t, 'role', role)}
            </span>
          ))}
          {strip.arbiter !== null && (
            <span className="widget-node">
              <i className={strip.arbiter.isVoting ? 'dot bg-good' : 'dot bg-bad'} aria-hidden="true" />
              <strong>{strip.arbiter.name}</strong> {t(strip.arbiter.isVoting ? 'strip.votes' : 'strip.votesNot')}
            </span>
          )}
          <Verdict strip={strip} />
          {strip.redAlarms > 0 && <span className="text-bad">{t('strip.alarms', { count: strip.redAlarms })}</span>}
        </Link>
      )}
    </Frame>
  );
}
