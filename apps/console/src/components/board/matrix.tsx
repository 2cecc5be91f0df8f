import { PRIORITIES, type ScopeHealth, type WidgetOf } from '@yosugara/protocol';
import { Link } from 'react-router';
import { operationsApi } from '../../api/operations.js';
import { integer, visible } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { healthLines, worstOfScope } from '../overview-model.js';
import { useAsked } from './board-context.js';
import { useOverview } from './counts.js';
import { Frame } from './frame.js';
import { matrixOf } from './matrix-model.js';

const NOTHING_FOLDED: ReadonlySet<string> = new Set();
const MOST_STATUSES = 2_000;
const MOST_ROWS = 200;

/** The scope and all below it; '' = all. */
function below(scopes: readonly ScopeHealth[], scope: string): readonly ScopeHealth[] {
  if (scope === '') return scopes;
  const within = new Set([scope]);
  return scopes.filter(({ id, parent }) => {
    if (parent !== null && within.has(parent)) within.add(id);
    return within.has(id);
  });
}

function ScopesByPriority({ widget }: { readonly widget: WidgetOf<'matrix'> }) {
  const { t, language } = useText();
  const asked = useOverview();
  const scopes = below(asked.data?.scopes ?? [], widget.scope).map((each) =>
    each.id === widget.scope ? { ...each, parent: null } : each,
  );
  const lines = healthLines(scopes, NOTHING_FOLDED, false);
  return (
    <Frame widget={widget} asked={asked} empty={lines.length === 0 ? t('overview.noScopes') : null}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is to be scrolled by keys. */}
      <section className="widget-matrix" aria-label={t('board.matrixOf.scopes')} tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t('overview.scope')}</th>
              {PRIORITIES.map((priority) => (
                <th key={priority} scope="col">
                  {t(`priority.${priority}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {lines.map(({ scope, depth }) => (
              <tr key={scope.id} data-testid="matrix-row" data-id={scope.id}>
                <th scope="row" style={{ paddingLeft: `${0.5 + depth}rem` }}>
                  <i
                    className={`dot ${worstOfScope(scope) === null ? 'bg-unknown' : `priority-fill-${worstOfScope(scope)}`}`}
                    aria-hidden="true"
                  />{' '}
                  <Link to={`/status?facility=${encodeURIComponent(scope.id)}`}>{visible(scope.name)}</Link>
                </th>
                {PRIORITIES.map((priority) => (
                  <td key={priority}>
                    {scope.now[priority] === 0 ? (
                      <span className="dim">·</span>
                    ) : (
                      <span className="tally">
                        <Link
                          to={`/status?facility=${encodeURIComponent(scope.id)}&priority=${priority}`}
                          className={`priority priority-${priority}`}
                        >
                          {integer(scope.now[priority], language)}
                        </Link>
                      </span>
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Frame>
  );
}

function NodesByMonitor({ widget }: { readonly widget: WidgetOf<'matrix'> }) {
  const { t } = useText();
  const query = new URLSearchParams({
    ...(widget.scope === '' ? {} : { facility: widget.scope }),
    limit: String(MOST_STATUSES),
  }).toString();
  const asked = useAsked(['statuses', 'of widget', query], async (signal) => await operationsApi.statuses(query, signal));
  const { columns, rows } = matrixOf(asked.data?.rows ?? []);
  const hidden = Math.max(0, rows.length - MOST_ROWS);
  return (
    <Frame widget={widget} asked={asked} empty={rows.length === 0 ? t('board.noStatus') : null}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is to be scrolled by keys. */}
      <section className="widget-matrix" aria-label={t('board.matrixOf.nodes')} tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t('settingKind.node')}</th>
              {columns.map((monitor) => (
                <th key={monitor} scope="col">
                  {visible(monitor)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, MOST_ROWS).map(({ facility, name, cells }) => (
              <tr key={facility} data-testid="matrix-row" data-id={facility}>
                <th scope="row">
                  <Link to={`/status?facility=${encodeURIComponent(facility)}`}>{visible(name)}</Link>
                </th>
                {columns.map((monitor) => {
                  const cell = cells.get(monitor);
                  return (
                    <td key={monitor}>
                      {cell === undefined ? (
                        <span className="dim">·</span>
                      ) : (
                        <span className={`priority priority-${cell.worst}`}>{t(`priority.${cell.worst}`)}</span>
                      )}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
        {(hidden > 0 || asked.data?.more === true) && <p className="dim small">{t('overview.more')}</p>}
      </section>
    </Frame>
  );
}

/** How everything is, where. */
export function MatrixWidget({ widget }: { readonly widget: WidgetOf<'matrix'> }) {
  return widget.of === 'scopes' ? <ScopesByPriority widget={widget} /> : <NodesByMonitor widget={widget} />;
}
