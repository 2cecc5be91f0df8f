import type { AuditLine } from '@yosugara/store';

/** RFC 5612: the enterprise number for documentation. Ours until we have one. */
const ENTERPRISE = 32473;
const NOTICE = 5;
const WARNING = 4;
const MAX_DETAIL_CHARS = 4_096;

/** A line of RFC 5424. Its id says whether it came before: each is sent at least once. */
export function auditLine(
  { id, at, actor, action, target, detail, came, address, node, done }: AuditLine,
  facility: number,
  cluster: string,
): string {
  const parameters = Object.entries({
    id,
    cluster,
    who: actor,
    by: came,
    from: address,
    action,
    object: target,
    done: String(done),
  });
  const data = parameters.flatMap(([name, value]) => (value === null ? [] : [`${name}="${escaped(value)}"`])).join(' ');
  const header = `<${facility * 8 + (done ? NOTICE : WARNING)}>1 ${at.toISOString()} ${field(node ?? '', 255)} yosugara-audit - ${field(action, 32)}`;
  const text = JSON.stringify(detail ?? {}).slice(0, MAX_DETAIL_CHARS);
  return `${header} [audit@${ENTERPRISE} ${data}] ${actor === '' ? '(nobody)' : oneLine(actor)} ${action}${target === null ? '' : ` ${oneLine(target)}`} ${text}`;
}

const oneLine = (text: string) => text.replaceAll(/[\u0000-\u001f\u007f]/g, ' ');
/** RFC 5424 6.3.3. */
const escaped = (value: string) => oneLine(value).replaceAll(/["\\\]]/g, '\\$&');
/** PRINTUSASCII without spaces; `-` is nothing. */
const field = (value: string, max: number): string => value.replaceAll(/[^\u0021-\u007e]/g, '_').slice(0, max) || '-';
