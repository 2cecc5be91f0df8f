import { useText } from '../i18n/language.js';

/** From the unit down to the jobnet that is shown. */
export function GraphPath({
  unit,
  path,
  onGo,
}: {
  readonly unit: string;
  readonly path: readonly string[];
  readonly onGo: (net: string) => void;
}) {
  const { t } = useText();
  return (
    <nav className="graph-path" aria-label={t('graph.path')} data-testid="graph-path">
      {['', ...path].map((net, at, all) => (
        <span key={net === '' ? '/' : net}>
          {at > 0 && <span className="dim"> › </span>}
          <button
            type="button"
            className="link-button"
            aria-current={at === all.length - 1 ? 'page' : undefined}
            onClick={() => onGo(net)}
          >
            {net === '' ? unit : net}
          </button>
        </span>
      ))}
    </nav>
  );
}
