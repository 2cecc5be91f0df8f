import type { Widget } from '@yosugara/protocol';
import type { CSSProperties, ReactNode } from 'react';
import { useText } from '../../i18n/language.js';
import { titleOf } from './frame.js';
import { WidgetView } from './widget.js';

interface BoardGridProps {
  readonly widgets: readonly Widget[];
  /** Over each, while it is edited. */
  readonly tools?: (widget: Widget, at: number) => ReactNode;
  readonly chosen?: string | null;
}

/** Widgets in rows, in their order; on a telephone one under the other. */
export function BoardGrid({ widgets, tools, chosen = null }: BoardGridProps) {
  const { t } = useText();
  return (
    <div className="board" data-testid="board">
      {widgets.map((widget, at) => (
        <section
          key={widget.id}
          className={widget.id === chosen ? 'panel widget widget-chosen' : 'panel widget'}
          style={{ '--columns': widget.width, '--rows': widget.height } as CSSProperties}
          aria-label={`${titleOf(widget, t)} ${at + 1}`}
          data-testid="widget"
          data-id={widget.id}
          data-type={widget.type}
        >
          {tools?.(widget, at)}
          <WidgetView widget={widget} />
        </section>
      ))}
    </div>
  );
}
