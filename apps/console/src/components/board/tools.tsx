import { DASHBOARD_COLUMNS, type Widget } from '@yosugara/protocol';
import { type KeyboardEvent, type PointerEvent, useRef } from 'react';
import { useText } from '../../i18n/language.js';
import { copied, moved, movedTo, resized } from './board-model.js';
import { titleOf } from './frame.js';

interface ToolsProps {
  readonly widget: Widget;
  readonly at: number;
  readonly widgets: readonly Widget[];
  /** @param name edits under the same name are one step to be undone. */
  readonly onChange: (widgets: readonly Widget[], name?: string) => void;
  readonly onOpen: () => void;
  readonly onSay: (text: string) => void;
}

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ...{ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] },
};

/** What is dragged over which other one it stands now; in the grid, not in the browser's own way, which telephones do not know. */
const widgetAt = (x: number, y: number): string | null =>
  document.elementFromPoint(x, y)?.closest<HTMLElement>('[data-testid=widget]')?.dataset['id'] ?? null;

/** Over a widget that is edited: move it, size it, open it, copy it, take it away; all of it by keys as well. */
export function WidgetTools({ widget, at, widgets, onChange, onOpen, onSay }: ToolsProps) {
  const { t } = useText();
  const sizing = useRef<{ x: number; y: number; width: number; height: number } | null>(null);
  const title = titleOf(widget, t);
  const { id, width, height } = widget;
  const move = (by: number) => {
    onChange(moved(widgets, id, by));
    onSay(t('board.movedTo', { title, at: Math.min(widgets.length, Math.max(1, at + 1 + by)), count: widgets.length }));
  };
  const size = (nextWidth: number, nextHeight: number) => {
    const after = resized(widgets, id, nextWidth, nextHeight);
    onChange(after, `size ${id}`);
    const now = after.find((each) => each.id === id) ?? widget;
    onSay(t('board.sized', { title, width: now.width, height: now.height }));
  };
  const press = (event: KeyboardEvent) => {
    const by = ARROWS[event.key];
    if (by === undefined) return;
    event.preventDefault();
    if (event.shiftKey) size(width + by[0], height + by[1]);
    else move(by[0] === 0 ? by[1] : by[0]);
  };
  const drag = (event: PointerEvent<HTMLButtonElement>) => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const over = widgetAt(event.clientX, event.clientY);
    if (over !== null && over !== id) onChange(movedTo(widgets, id, over), `drag ${id}`);
  };
  const stretch = (event: PointerEvent<HTMLButtonElement>) => {
    const begun = sizing.current;
    const cell = event.currentTarget.closest('section')?.getBoundingClientRect();
    if (begun === null || cell === undefined) return;
    const [columnPx, rowPx] = [cell.width / width, cell.height / height];
    const next = [begun.width + (event.clientX - begun.x) / columnPx, begun.height + (event.clientY - begun.y) / rowPx] as const;
    if (Math.round(next[0]) !== width || Math.round(next[1]) !== height)
      onChange(resized(widgets, id, Math.min(DASHBOARD_COLUMNS, next[0]), next[1]), `size ${id}`);
  };
  return (
    <>
      <div className="widget-tools">
        <button
          type="button"
          className="widget-grip"
          aria-label={t('board.grip', { title })}
          title={t('board.gripHint')}
          onKeyDown={press}
          onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
          onPointerMove={drag}
          data-testid="widget-grip"
        >
          ⠿
        </button>
        <span className="dim small tabular">
          {width} × {height}
        </span>
        <span className="grow" />
        <button type="button" aria-label={t('board.before', { title })} disabled={at === 0} onClick={() => move(-1)}>
          ←
        </button>
        <button
          type="button"
          aria-label={t('board.after', { title })}
          disabled={at === widgets.length - 1}
          onClick={() => move(1)}
        >
          →
        </button>
        <button type="button" onClick={onOpen} aria-label={t('board.edit', { title })} data-testid="widget-open">
          ✎
        </button>
        <button
          type="button"
          onClick={() => onChange(copied(widgets, id))}
          aria-label={t('board.copy', { title })}
          data-testid="widget-copy"
        >
          +
        </button>
        <button
          type="button"
          onClick={() => {
            onChange(widgets.filter((each) => each.id !== id));
            onSay(t('board.removed', { title }));
          }}
          aria-label={t('board.remove', { title })}
          data-testid="widget-remove"
        >
          ✕
        </button>
      </div>
      <button
        type="button"
        className="widget-stretch"
        tabIndex={-1}
        aria-hidden="true"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          sizing.current = { x: event.clientX, y: event.clientY, width, height };
        }}
        onPointerMove={stretch}
        onPointerUp={() => {
          sizing.current = null;
        }}
        data-testid="widget-stretch"
      />
    </>
  );
}
