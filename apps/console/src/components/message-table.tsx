import type { MessageRow } from '@yosugara/protocol';
import { type MouseEvent, memo, type ReactNode } from 'react';
import { rowTime, visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { ChevronIcon } from './icons.js';
import { Time } from './time.js';

const COLUMNS = 9;
/** RFC 3418, snmpTrapOID.0: which notification it is. */
const SNMP_TRAP_OID = '1.3.6.1.6.3.1.1.4.1.0';

function Severity({ row }: { readonly row: MessageRow }) {
  const { t } = useText();
  if (row.severity === null && row.kind === 'trap') return <span className="severity severity-trap">{t('kind.trap')}</span>;
  if (row.severity === null) return <span className="dim">–</span>;
  return <span className={`severity severity-${/^[a-z]+$/.test(row.severity) ? row.severity : 'unknown'}`}>{row.severity}</span>;
}

/** One badge a node: filled when that node's receiver has it, outlined when only the peer had. */
function SeenBy({ row, nodes }: { readonly row: MessageRow; readonly nodes: readonly string[] }) {
  const { t } = useText();
  const all = [...nodes, ...row.seenBy.filter((name) => !nodes.includes(name))];
  return (
    <span className="seen-by">
      {all.map((name) => {
        const seen = row.seenBy.includes(name);
        const label = t(seen ? 'messages.seenByNode' : 'messages.notSeenByNode', { node: name });
        return (
          <span key={name} className={seen ? 'seen' : 'seen seen-not'} title={label} role="img" aria-label={label}>
            {name}
          </span>
        );
      })}
    </span>
  );
}

/** What a trap carries: what it is called, what it says, and the numbers behind both. */
function Varbinds({ of }: { readonly of: NonNullable<MessageRow['varbinds']> }) {
  const { t } = useText();
  return (
    <table className="varbinds" data-testid="varbinds">
      <thead>
        <tr>
          <th scope="col">{t('messages.varbind')}</th>
          <th scope="col">{t('messages.value')}</th>
          <th scope="col">OID</th>
          <th scope="col">{t('messages.type')}</th>
        </tr>
      </thead>
      <tbody>
        {of.map(({ oid, type, value, name, module, read, units }, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a trap may carry the same OID twice, and a stored one never changes.
          <tr key={at}>
            <td title={module}>{name ?? '–'}</td>
            <td>
              {visible(read ?? value)} {units !== undefined && <span className="dim">{visible(units)}</span>}
              {read !== undefined && !read.includes(value) && <span className="dim mono"> {visible(value)}</span>}
            </td>
            <td className="mono">{oid}</td>
            <td className="dim">{type}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What a row's program is called; of a trap, the notification. */
function appOf(row: MessageRow): string | null {
  const read = row.kind === 'trap' ? row.varbinds?.find(({ oid }) => oid === SNMP_TRAP_OID)?.read : undefined;
  return read ?? row.app;
}

function Detail({ row }: { readonly row: MessageRow }) {
  const { t } = useText();
  return (
    <tr className="detail" data-testid="message-detail">
      <td colSpan={COLUMNS}>
        <pre className="full-text">{visible(row.reading ?? row.text, true)}</pre>
        <dl className="detail-facts">
          <dt>{t('messages.time')}</dt>
          <dd>
            <Time iso={row.receivedAt} /> <span className="dim">({t('common.utc', { time: row.receivedAt })})</span>
          </dd>
          <dt>{t('messages.source')}</dt>
          <dd className="mono">{row.source}</dd>
          <dt>{t('messages.facility')}</dt>
          <dd>{row.facility ?? '–'}</dd>
          <dt>{t('messages.app')}</dt>
          <dd>{row.app === null ? '–' : visible(row.app)}</dd>
          {row.reading !== undefined && row.reading !== null && (
            <>
              <dt>{t('messages.asStored')}</dt>
              <dd className="mono breakable">{visible(row.text)}</dd>
            </>
          )}
          {row.cut === true && (
            <>
              <dt>{t('messages.cut')}</dt>
              <dd>{t('messages.cutHint')}</dd>
            </>
          )}
          <dt>{t('messages.seenBy')}</dt>
          <dd>{row.seenBy.join(', ')}</dd>
          <dt>{t('messages.id')}</dt>
          <dd className="mono breakable">{row.id}</dd>
        </dl>
        {row.varbinds !== null && row.varbinds !== undefined && row.varbinds.length > 0 && <Varbinds of={row.varbinds} />}
      </td>
    </tr>
  );
}

interface RowProps {
  readonly row: MessageRow;
  readonly nodes: readonly string[];
  readonly open: boolean;
  /** Start of today, ms: older rows carry their date. */
  readonly todayMs: number;
  readonly onToggle: (id: string) => void;
}

const Row = memo(function Row({ row, nodes, open, todayMs, onToggle }: RowProps) {
  const { t } = useText();
  const toggle = (event: MouseEvent) => {
    // Marking text with the mouse is not a click.
    if (window.getSelection()?.toString() === '' || (event.target as Element).closest('button') !== null) onToggle(row.id);
  };
  return (
    <>
      {/* The button in the first cell is the way for the keyboard; the row is only a larger target for the mouse. */}
      <tr className={open ? 'message open' : 'message'} data-testid="message-row" data-id={row.id} onClick={toggle}>
        <td>
          <button
            type="button"
            className="expander"
            aria-expanded={open}
            aria-label={t(open ? 'messages.collapse' : 'messages.expand')}
          >
            <ChevronIcon open={open} />
          </button>
        </td>
        <td className="tabular nowrap">
          <Time iso={row.receivedAt} text={rowTime(row.receivedAt, todayMs)} />
        </td>
        <td>
          <Severity row={row} />
        </td>
        <td className="col-kind">{t(`kind.${row.kind}`)}</td>
        <td className="mono nowrap m-source">{row.source}</td>
        <td className="clip m-host" title={row.host ?? undefined}>
          {row.host === null ? '–' : visible(row.host)}
        </td>
        <td className="clip m-app" title={row.app ?? undefined}>
          {visible(appOf(row) ?? '–')}
        </td>
        <td className="clip text-cell">
          {row.storedLate === true && (
            <span className="late" title={t('messages.lateHint')} data-testid="message-late">
              {t('messages.late')}
            </span>
          )}
          {row.cut === true && (
            <span className="late" title={t('messages.cutHint')} data-testid="message-cut">
              {t('messages.cut')}
            </span>
          )}
          {visible(row.reading ?? row.text)}
        </td>
        <td>
          <SeenBy row={row} nodes={nodes} />
        </td>
      </tr>
      {open && <Detail row={row} />}
    </>
  );
});

interface TableProps {
  readonly rows: readonly MessageRow[];
  readonly nodes: readonly string[];
  readonly opened: ReadonlySet<string>;
  readonly nowMs: number;
  readonly onToggle: (id: string) => void;
  readonly empty: ReactNode;
  readonly foot: ReactNode;
  readonly busy: boolean;
}

export function MessageTable({ rows, nodes, opened, nowMs, onToggle, empty, foot, busy }: TableProps) {
  const { t } = useText();
  const todayMs = new Date(nowMs).setHours(0, 0, 0, 0);
  return (
    <section className="table-scroll" aria-label={t('messages.title')} data-testid="message-table">
      <table className="messages" aria-busy={busy}>
        <colgroup>
          <col className="w-expander" />
          <col className="w-time" />
          <col className="w-severity" />
          <col className="w-kind col-kind" />
          <col className="w-source" />
          <col className="w-host" />
          <col className="w-app" />
          <col />
          <col className="w-seen" />
        </colgroup>
        <thead>
          <tr>
            <th>
              <span className="hidden">{t('messages.expand')}</span>
            </th>
            {(['time', 'severity', 'kind', 'source', 'host', 'app', 'message', 'seenBy'] as const).map((column) => (
              <th key={column} scope="col" className={column === 'kind' ? 'col-kind' : undefined}>
                {t(`messages.${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.id} row={row} nodes={nodes} open={opened.has(row.id)} todayMs={todayMs} onToggle={onToggle} />
          ))}
        </tbody>
      </table>
      {rows.length === 0 && <div className="empty">{empty}</div>}
      {rows.length > 0 && <div className="table-foot">{foot}</div>}
    </section>
  );
}
