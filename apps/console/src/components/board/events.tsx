import type { EventRow, WidgetOf } from '@yosugara/protocol';
import { Link } from 'react-router';
import { eventAddressOf, eventQueryOf } from '../../api/event-filter.js';
import { operationsApi } from '../../api/operations.js';
import { rowTime, visible } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { PriorityBadge } from '../priority.js';
import { Time } from '../time.js';
import { useAsked, useBoard } from './board-context.js';
import { spanQuery } from './board-model.js';
import { Frame } from './frame.js';

function Row({ row }: { readonly row: EventRow }) {
  return (
    <li data-testid="widget-event">
      <PriorityBadge priority={row.priority} />
      <Link to={`/events?state=all&event=${row.number}`} className="clip grow" title={visible(row.message)}>
        {visible(row.message)}
      </Link>
      <span className="dim clip widget-where">{visible(row.scope === '' ? (row.sender ?? row.facility) : row.scope)}</span>
      <span className="dim tabular nowrap">
        <Time iso={row.at} text={rowTime(row.at, Date.now()).slice(0, -4)} />
      </span>
    </li>
  );
}

/** Those that nobody is done with whenever they came; of others, those of the time that the dashboard shows. */
export function EventsWidget({ widget }: { readonly widget: WidgetOf<'events'> }) {
  const { t } = useText();
  const { span } = useBoard();
  const filter = { ...widget, owner: '' };
  const isWorkList = !widget.states.includes('confirmed') && widget.states.length > 0;
  const query = new URLSearchParams(eventQueryOf(filter));
  if (!isWorkList || span.kind === 'fixed')
    for (const [key, value] of Object.entries(spanQuery(span, ['since', 'until']))) query.set(key, value);
  query.set('limit', String(widget.rows));
  const asked = useAsked(
    ['events', 'of widget', query.toString()],
    async (signal) => await operationsApi.events(query.toString(), signal),
  );
  const rows = asked.data?.rows ?? [];
  return (
    <Frame
      widget={widget}
      asked={asked}
      empty={rows.length === 0 ? t('board.noEvents') : null}
      head={
        <Link to={`/events?${eventAddressOf(filter)}`} className="small nowrap">
          {t('board.all')}
        </Link>
      }
    >
      <ul className="plain-list widget-list">
        {rows.map((row) => (
          <Row key={row.number} row={row} />
        ))}
      </ul>
    </Frame>
  );
}
