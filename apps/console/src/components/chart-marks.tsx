import { Link } from 'react-router';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { MARK_PX, type Mark } from './chart-context.js';
import { PAD } from './plot.js';

/** Told apart without colours, too. */
const SIGNS = { critical: '◆', unknown: '?', warning: '▲', info: '●' } as const;

/** Events above their line; each leads to its own. */
export function ChartMarks({ marks }: { readonly marks: readonly Mark[] }) {
  const { t } = useText();
  if (marks.length === 0) return null;
  return (
    <div className="chart-marks">
      {marks.map(({ x, priority, event, count }) => {
        const told = t('graphs.event', { priority: t(`priority.${priority}`), message: event.message });
        const says = visible(count === 1 ? told : t('graphs.events', { count, event: told }));
        return (
          <Link
            key={x}
            to={`/events?state=all&event=${event.number}`}
            className={`priority-${priority}`}
            style={{ left: PAD.left + x - MARK_PX / 2 }}
            aria-label={says}
            title={says}
            data-testid="chart-mark"
            data-priority={priority}
          >
            {SIGNS[priority]}
          </Link>
        );
      })}
    </div>
  );
}
