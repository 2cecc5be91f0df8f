import type { KeyboardEvent, PointerEvent, ReactNode } from 'react';
import type { Box, Sizes } from './job-graph-model.js';
import { PAD } from './use-graph-view.js';

export interface BoxLook {
  readonly className: string;
  /** What is drawn around the box, in words. */
  readonly more: string;
  readonly children: ReactNode;
}

interface BoxProps {
  readonly box: Box;
  readonly sizes: Sizes;
  readonly look: BoxLook;
  readonly isChosen: boolean;
  /** A connection begins here. */
  readonly isFrom: boolean;
  /** The one box that Tab comes to. */
  readonly isStop: boolean;
  readonly onFocus: () => void;
  readonly onClick: () => void;
  readonly onOpen: () => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
  /** null: nobody may connect anything. */
  readonly onLink: ((event: PointerEvent) => void) | null;
}

/** One job of a graph, at its place, with the point that connections are pulled out of. */
export function GraphBox(props: BoxProps) {
  const { box, sizes, look, isChosen, isFrom, isStop, onFocus, onClick, onOpen, onKeyDown, onLink } = props;
  const { className, more, children } = look;
  return (
    <div className="graph-place" style={{ left: box.x + PAD, top: box.y + PAD, width: sizes.boxWidth, height: sizes.boxHeight }}>
      <button
        type="button"
        className={`graph-box ${className}${isChosen ? ' is-chosen' : ''}${isFrom ? ' is-from' : ''}`}
        data-job={box.id}
        data-testid="graph-box"
        aria-pressed={isChosen}
        tabIndex={isStop ? 0 : -1}
        onFocus={onFocus}
        onClick={onClick}
        onDoubleClick={onOpen}
        onKeyDown={onKeyDown}
      >
        {children}
        {more !== '' && <span className="hidden">{more}</span>}
      </button>
      {onLink !== null && (
        <span className="graph-port" aria-hidden="true" data-testid="graph-port" data-port={box.id} onPointerDown={onLink} />
      )}
    </div>
  );
}
