import { Switch } from '@mantine/core';
import { type Overview, PRIORITIES, type PriorityTally } from '@yosugara/protocol';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import { integer, visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { Expander } from './expander.js';
import { healthLines, type ScopeLine, worstOfScope } from './overview-model.js';
import { useToggled } from './use-toggled.js';

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

function ScopeRow({ line, onToggle }: { readonly line: ScopeLine; readonly onToggle: () => void }) {
  const { t, language } = useText();
  const { scope, depth, hasBelow, isOpen } = line;
  const worst = worstOfScope(scope);
  const id = encodeURIComponent(scope.id);
  return (
    <li className="health-row" data-testid="health-row" data-id={scope.id} data-worst={worst ?? ''}>
      <span className="health-name" style={{ paddingLeft: depth * 16 }}>
        {hasBelow ? <Expander name={scope.name} isOpen={isOpen} onToggle={onToggle} /> : <span className="scope-leaf" />}
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

/** Each scope with how everything there is now, and with what nobody has confirmed. */
export function Health({ scopes }: { readonly scopes: NonNullable<Overview['scopes']> }) {
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
