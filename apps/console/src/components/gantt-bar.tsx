import { useText } from '../i18n/language.js';
import { type Bar, type GanttRow, placeOf, type Span } from './gantt-model.js';
import { barText, lateText } from './gantt-text.js';
import { signOf } from './job-model.js';

export const ROW_PX = 30;
const LEAST_PX = 7;

/** One run of a row, where it lies in the span. */
export function GanttBar({
  bar,
  row,
  span,
  wide,
  onSession,
}: {
  readonly bar: Bar;
  readonly row: GanttRow;
  readonly span: Span;
  readonly wide: number;
  readonly onSession: (session: string, job: string | null) => void;
}) {
  const { t, language } = useText();
  const { left, width } = placeOf(span, bar);
  const slots = Math.min(4, row.slots);
  const high = (ROW_PX - 8) / slots;
  const px = Math.max(LEAST_PX, width * wide);
  const text = barText(bar, row, t, language);
  const className = [
    'gantt-one',
    `bar-${bar.tone}`,
    bar.isPlanned ? 'is-planned' : '',
    bar.isRunning ? 'is-running' : '',
    bar.lateMs === null ? '' : 'is-late',
  ];
  return (
    <button
      type="button"
      tabIndex={-1}
      className={className.filter(Boolean).join(' ')}
      style={{
        left: `min(${left * 100}%, 100% - ${LEAST_PX}px)`,
        width: px,
        top: 4 + (bar.slot % slots) * high,
        height: high - 1,
      }}
      title={text}
      aria-label={text}
      disabled={bar.session === null}
      onClick={() => bar.session !== null && onSession(bar.session, bar.job)}
      data-testid="gantt-bar"
      data-state={bar.state}
      data-late={bar.lateMs !== null}
    >
      {px > 18 && slots === 1 && bar.how !== null && <span className="job-sign">{signOf(bar.how)}</span>}
      {bar.lateMs !== null && px > 90 && slots === 1 && <span className="gantt-late">{lateText(bar.lateMs, t, language)}</span>}
    </button>
  );
}
