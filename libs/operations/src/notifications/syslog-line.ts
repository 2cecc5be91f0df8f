import type { SyslogPayload } from './payload.js';
import type { Told } from './told.js';

/** RFC 5612: the enterprise number for documentation. Ours until we have one. */
const ENTERPRISE = 32473;
const MAX_CHARS = 8_192;

/** A line of RFC 5424 with the id in its structured data, so that whoever gets it twice can tell. @param host ours. */
export function syslogLine({ facility, severity, message }: SyslogPayload, told: Told, host: string): string {
  const { result } = told;
  const { id, parameters } = syslogData(told);
  const at = new Date(result.atMs).toISOString();
  const header = `<${facility * 8 + severity}>1 ${at} ${field(host, 255)} yosugara - ${field(result.plugin, 32)}`;
  return `${header} [${id} ${parameters.join(' ')}] ${message.replace(/[\r\n]+/g, ' ').slice(0, MAX_CHARS)}`;
}

/** The structured data, parameter by parameter. */
export function syslogData({ id, notification, result }: Told): { readonly id: string; readonly parameters: readonly string[] } {
  const { priority, monitor, facility } = result;
  const parameters = Object.entries({ id, priority, monitor, facility, notification });
  return { id: `yosugara@${ENTERPRISE}`, parameters: parameters.map(([name, value]) => `${name}="${escaped(value)}"`) };
}

/** RFC 5424 6.3.3: ", \ and ] are escaped. A NUL or a line's end would be the end of it for many. */
const escaped = (value: string) => value.replace(/[\u0000-\u001f\u007f]/g, ' ').replace(/["\\\]]/g, '\\$&');

/** PRINTUSASCII without spaces; `-` is nothing. */
function field(value: string, max: number): string {
  return value.replace(/[^\u0021-\u007e]/g, '_').slice(0, max) || '-';
}
