import type { KeyboardEvent } from 'react';
import { type GanttRow, panned, type Span, zoomed } from './gantt-model.js';

interface GanttKeys {
  readonly rows: readonly GanttRow[];
  readonly span: Span;
  /** The moment that a zoom keeps where it is. */
  readonly held: number;
  readonly focus: (row: GanttRow | undefined) => void;
  readonly onSpan: (span: Span) => void;
  readonly onToggle: (key: string) => void;
  readonly onSession: (session: string, job: string | null) => void;
}

/** Up and down go from row to row, left and right fold; with Shift they move the time, `+` and `-` zoom. */
export function ganttKeys({ rows, span, held, focus, onSpan, onToggle, onSession }: GanttKeys) {
  return (row: GanttRow, index: number) => (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const session = row.bars[0]?.session;
    const acts: Record<string, () => void> = event.shiftKey
      ? {
          ArrowLeft: () => onSpan(panned(span, -0.25)),
          ArrowRight: () => onSpan(panned(span, 0.25)),
          '+': () => onSpan(zoomed(span, 1 / 1.5, held)),
        }
      : {
          ArrowDown: () => focus(rows[index + 1]),
          ArrowUp: () => focus(rows[index - 1]),
          ArrowRight: () => (row.isOpen === false ? onToggle(row.key) : focus(row.isOpen === true ? rows[index + 1] : undefined)),
          ArrowLeft: () =>
            row.isOpen === true ? onToggle(row.key) : focus(rows.slice(0, index).findLast(({ depth }) => depth < row.depth)),
          Home: () => focus(rows[0]),
          End: () => focus(rows.at(-1)),
          Enter: () =>
            row.kind === 'unit'
              ? onToggle(row.key)
              : session != null && onSession(session, row.kind === 'job' ? row.bars[0]!.job : null),
          '+': () => onSpan(zoomed(span, 1 / 1.5, held)),
          '-': () => onSpan(zoomed(span, 1.5, held)),
        };
    const act = acts[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
}
