import { PRIORITIES, type Priority } from '@yosugara/protocol';
import { integer } from '../i18n/format.js';
import { useText } from '../i18n/language.js';

export function PriorityBadge({ priority }: { readonly priority: Priority }) {
  const { t } = useText();
  return <span className={`priority priority-${priority}`}>{t(`priority.${priority}`)}</span>;
}

interface CountsProps {
  readonly counts: Partial<Record<Priority, number>>;
  readonly chosen?: readonly Priority[];
  readonly onChoose?: (priority: Priority) => void;
}

/** How many of each priority; pressed, they filter. */
export function PriorityCounts({ counts, chosen, onChoose }: CountsProps) {
  const { t, language } = useText();
  return (
    <fieldset className="priority-counts">
      <legend className="hidden">{t('events.priority')}</legend>
      {PRIORITIES.map((priority) => {
        const text = (
          <>
            <i className={`swatch priority-fill-${priority}`} aria-hidden="true" /> {t(`priority.${priority}`)}{' '}
            <strong className="tabular">{counts[priority] === undefined ? '–' : integer(counts[priority], language)}</strong>
          </>
        );
        if (onChoose === undefined)
          return (
            <span key={priority} className="priority-count" data-testid={`count-${priority}`}>
              {text}
            </span>
          );
        return (
          <button
            key={priority}
            type="button"
            className="priority-count"
            aria-pressed={chosen?.includes(priority) ?? false}
            onClick={() => onChoose(priority)}
            data-testid={`count-${priority}`}
          >
            {text}
          </button>
        );
      })}
    </fieldset>
  );
}
