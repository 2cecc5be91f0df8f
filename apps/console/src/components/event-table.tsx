// biome-ignore-all lint/a11y/useSemanticElements: a table cannot leave out the rows that are not in sight; a grid of ARIA can.
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus and names the active row (aria-activedescendant).
import type { EventRow } from '@yosugara/protocol';
import { type CSSProperties, type MouseEvent, memo, type ReactNode, type Ref } from 'react';
import { type EventList, indexOfEvent } from '../api/event-list.js';
import { integer, rowTime, visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { PriorityBadge } from './priority.js';
import { Time } from './time.js';
import { type VirtualHandle, VirtualList } from './virtual-list.js';

export const eventRowId = (number: number): string => `event-${number}`;

interface RowProps {
  readonly row: EventRow;
  readonly top: number;
  readonly height: number;
  readonly isCursor: boolean;
  readonly isChosen: boolean;
  readonly isOpen: boolean;
  readonly todayMs: number;
  readonly onOpen: (number: number) => void;
  readonly onChoose: (number: number, isRange: boolean) => void;
}

const Row = memo(function Row({ row, top, height, isCursor, isChosen, isOpen, todayMs, onOpen, onChoose }: RowProps) {
  const { t, language } = useText();
  const open = (event: MouseEvent) => {
    if (event.shiftKey) return onChoose(row.number, true);
    if (window.getSelection()?.toString() === '') onOpen(row.number);
  };
  const classes = [
    'event-row',
    isCursor && 'cursor',
    isChosen && 'chosen',
    isOpen && 'open',
    row.state === 'confirmed' && 'done',
  ];
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list takes the keys for all its rows.
    <div
      role="row"
      id={eventRowId(row.number)}
      className={classes.filter(Boolean).join(' ')}
      style={{ top, height }}
      aria-selected={isChosen}
      data-testid="event-row"
      data-number={row.number}
      data-state={row.state}
      onClick={open}
    >
      <span role="gridcell" className="e-choose">
        <input
          type="checkbox"
          checked={isChosen}
          tabIndex={-1}
          aria-label={t('events.choose', { number: row.number })}
          onClick={(event) => {
            event.stopPropagation();
            onChoose(row.number, event.shiftKey);
          }}
          onChange={() => undefined}
        />
      </span>
      <span role="gridcell" className="e-priority">
        <PriorityBadge priority={row.priority} />
      </span>
      <span role="gridcell" className="e-time tabular nowrap">
        <Time iso={row.at} text={rowTime(row.at, todayMs).slice(0, -4)} />
      </span>
      <span role="gridcell" className="e-state">
        <span className={`event-state event-state-${row.state}`}>{t(`eventState.${row.state}`)}</span>
      </span>
      <span role="gridcell" className="e-scope clip" title={row.scope}>
        {row.facility === '' ? (
          visible(row.scope)
        ) : (
          <>
            {visible(row.facility)} <span className="dim">{visible(row.scope)}</span>
          </>
        )}
      </span>
      <span role="gridcell" className="e-monitor clip" title={row.monitor}>
        {visible(row.monitor)}
      </span>
      <span role="gridcell" className="e-message clip">
        {row.folded > 0 && <span className="fold-count tabular">×{integer(row.folded, language)}</span>}
        {visible(row.message)}
      </span>
      <span role="gridcell" className="e-owner clip" title={row.comment ?? undefined}>
        {row.owner !== null && visible(row.owner)}
        {row.comment !== null && <span className="dim"> ✎ {visible(row.comment)}</span>}
      </span>
    </div>
  );
});

interface TableProps {
  readonly rows: EventList;
  readonly rowPx: number;
  readonly cursor: number | null;
  readonly opened: number | null;
  readonly chosen: ReadonlySet<number>;
  readonly todayMs: number;
  readonly isAllChosen: boolean;
  readonly onChooseAll: () => void;
  readonly onOpen: (number: number) => void;
  readonly onChoose: (number: number, isRange: boolean) => void;
  readonly onNearEnd: () => void;
  readonly onTop: (isAtTop: boolean) => void;
  readonly foot: ReactNode;
  readonly handle: Ref<VirtualHandle>;
}

/** Very many events, newest first; each in one line. */
export function EventTable(props: TableProps) {
  const { t } = useText();
  const { rows, cursor, chosen, opened, todayMs, onOpen, onChoose, isAllChosen, onChooseAll } = props;
  const head = (
    <div role="row" className="event-row event-head">
      <span role="columnheader" className="e-choose">
        <input
          type="checkbox"
          checked={isAllChosen}
          onChange={onChooseAll}
          aria-label={t('events.chooseAll')}
          data-testid="choose-all"
        />
      </span>
      {(['priority', 'time', 'state', 'scope', 'monitor', 'message', 'owner'] as const).map((column) => (
        <span key={column} role="columnheader" className={`e-${column}`}>
          {t(`events.${column}`)}
        </span>
      ))}
    </div>
  );
  return (
    <div
      role="grid"
      tabIndex={0}
      className="event-grid"
      aria-label={t('events.title')}
      aria-rowcount={rows.length}
      aria-multiselectable="true"
      // An address may name an event that the filter does not show.
      aria-activedescendant={cursor === null || indexOfEvent(rows, cursor) < 0 ? undefined : eventRowId(cursor)}
      data-testid="event-table"
    >
      <VirtualList
        items={rows}
        rowPx={props.rowPx}
        keyOf={numberOf}
        cursor={cursor}
        label={t('events.title')}
        isOfGrid
        head={head}
        foot={props.foot}
        onNearEnd={props.onNearEnd}
        onTop={props.onTop}
        handle={props.handle}
        render={(row: EventRow, _, style: CSSProperties, slot) => (
          <Row
            key={slot}
            row={row}
            top={Number(style.top)}
            height={Number(style.height)}
            isCursor={row.number === cursor}
            isChosen={chosen.has(row.number)}
            isOpen={row.number === opened}
            todayMs={todayMs}
            onOpen={onOpen}
            onChoose={onChoose}
          />
        )}
      />
    </div>
  );
}

const numberOf = (row: EventRow): number => row.number;
