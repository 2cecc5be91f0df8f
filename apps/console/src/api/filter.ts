import { MESSAGE_KINDS } from '@yosugara/protocol';

export const SEVERITIES = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const;
export const KINDS = MESSAGE_KINDS;
export const RANGES = ['10m', '1h', '24h', '7d', 'all', 'custom'] as const;
export type Range = (typeof RANGES)[number];

/** What the operator asked for; lives in the page's address, so that a view can be sent to a colleague. */
export interface Filter {
  readonly mode: 'live' | 'search';
  readonly text: string;
  readonly source: string;
  readonly host: string;
  readonly severity: string;
  readonly kind: string;
  /** Notification: its OID or its name. */
  readonly trap: string;
  /** `ifOperStatus=down`, `OID=value`, or one half of it. */
  readonly varbind: string;
  readonly range: Range;
  /** `datetime-local` value in the browser's zone; only with range `custom`. */
  readonly since: string;
  readonly until: string;
}

export const NO_FILTER: Filter = {
  mode: 'live',
  text: '',
  source: '',
  host: '',
  severity: '',
  kind: '',
  trap: '',
  varbind: '',
  range: '1h',
  since: '',
  until: '',
};

const WORDS = ['text', 'source', 'host', 'severity', 'kind', 'trap', 'varbind'] as const;
/** The filter without any of them. */
export const NO_WORDS: Partial<Filter> = Object.fromEntries(WORDS.map((word) => [word, '']));
const RANGE_MS: Readonly<Record<string, number>> = { '10m': 600_000, '1h': 3_600_000, '24h': 86_400_000, '7d': 604_800_000 };

export function filterOf(address: URLSearchParams): Filter {
  const at = (key: string): string => address.get(key) ?? '';
  const range = RANGES.find((known) => known === at('range')) ?? NO_FILTER.range;
  return {
    mode: at('mode') === 'search' ? 'search' : 'live',
    text: at('text'),
    source: at('source'),
    host: at('host'),
    severity: at('severity'),
    kind: at('kind'),
    trap: at('trap'),
    varbind: at('varbind'),
    range,
    since: at('since'),
    until: at('until'),
  };
}

/** Only what differs from the empty filter, so that addresses stay short. */
export function addressOf(filter: Filter, before = new URLSearchParams()): URLSearchParams {
  const address = new URLSearchParams(before);
  for (const [key, value] of Object.entries(filter))
    if (value === NO_FILTER[key as keyof Filter]) address.delete(key);
    else address.set(key, value);
  return address;
}

export const isFiltered = (filter: Filter): boolean => WORDS.some((word) => filter[word] !== '');

/** The part that the stream and the search share. */
export function liveQuery(filter: Filter): string {
  const query = new URLSearchParams();
  for (const word of WORDS) if (filter[word].trim() !== '') query.set(word, filter[word].trim());
  return query.toString();
}

function instant(local: string): string | null {
  const at = local === '' ? Number.NaN : new Date(local).getTime();
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}

/** The bounds of a search, fixed when it begins so that all its pages speak of the same time. RFC 3339, UTC. */
export function boundsOf(filter: Filter, nowMs: number): { readonly since: string | null; readonly until: string | null } {
  if (filter.range === 'custom') return { since: instant(filter.since), until: instant(filter.until) };
  const span = RANGE_MS[filter.range];
  return { since: span === undefined ? null : new Date(nowMs - span).toISOString(), until: null };
}

export function searchQuery(filter: Filter, bounds: ReturnType<typeof boundsOf>, after: string | null, limit: number): string {
  const query = new URLSearchParams(liveQuery(filter));
  if (bounds.since !== null) query.set('since', bounds.since);
  if (bounds.until !== null) query.set('until', bounds.until);
  if (after !== null) query.set('after', after);
  query.set('limit', String(limit));
  return query.toString();
}
