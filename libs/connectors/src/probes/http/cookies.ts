import { isIP } from 'node:net';

const MAX_COOKIES = 100;
const MAX_COOKIE_BYTES = 4_096;

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly domain: string;
  /** Only for exactly this host. */
  readonly hostOnly: boolean;
  readonly path: string;
  readonly secure: boolean;
}

/** What servers give one run of a scenario to give back (RFC 6265 sections 5.3 and 5.4). It lives for that run, so only what is over already is dropped. */
export class CookieJar {
  readonly #cookies = new Map<string, Cookie>();

  take(url: URL, setCookie: readonly string[], nowMs: number): void {
    for (const line of setCookie) {
      if (line.length > MAX_COOKIE_BYTES) continue;
      const cookie = parse(url, line);
      if (cookie === null) continue;
      const key = `${cookie.name};${cookie.domain};${cookie.path}`;
      this.#cookies.delete(key);
      if (isOver(line, nowMs)) continue;
      this.#cookies.set(key, cookie);
      if (this.#cookies.size > MAX_COOKIES) this.#cookies.delete(this.#cookies.keys().next().value!);
    }
  }

  /** The header's value; '' = none. */
  headerFor(url: URL): string {
    const fits = [...this.#cookies.values()].filter(
      ({ domain, hostOnly, path, secure }) =>
        (hostOnly ? url.hostname === domain : isWithin(url.hostname, domain)) &&
        pathFits(url.pathname, path) &&
        (!secure || url.protocol === 'https:'),
    );
    fits.sort((one, other) => other.path.length - one.path.length);
    return fits.map(({ name, value }) => `${name}=${value}`).join('; ');
  }
}

function parse(url: URL, line: string): Cookie | null {
  const [pair = '', ...rest] = line.split(';');
  const equals = pair.indexOf('=');
  const name = pair.slice(0, Math.max(0, equals)).trim();
  if (name === '') return null;
  const attributes = attributesOf(rest);
  const asked = (attributes.get('domain') ?? '').replace(/^\./, '').toLowerCase();
  // Of the rules against cookies for a whole top domain this is what needs no list of them.
  const domain = asked === '' ? url.hostname : asked;
  if (domain !== url.hostname && (!isWithin(url.hostname, domain) || !domain.includes('.'))) return null;
  const path = attributes.get('path');
  return {
    ...{ name, value: pair.slice(equals + 1).trim(), domain, hostOnly: asked === '' },
    ...{ path: path?.startsWith('/') === true ? path : defaultPath(url.pathname), secure: attributes.has('secure') },
  };
}

function attributesOf(rest: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    rest.map((part) => {
      const [name = '', ...value] = part.split('=');
      return [name.trim().toLowerCase(), value.join('=').trim()];
    }),
  );
}

function isOver(line: string, nowMs: number): boolean {
  const attributes = attributesOf(line.split(';').slice(1));
  const maxAge = attributes.get('max-age');
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return Number(maxAge) <= 0;
  const expires = Date.parse(attributes.get('expires') ?? '');
  return Number.isFinite(expires) && expires <= nowMs;
}

const isWithin = (host: string, domain: string): boolean => host === domain || (isIP(host) === 0 && host.endsWith(`.${domain}`));
const pathFits = (asked: string, path: string): boolean =>
  asked === path || (asked.startsWith(path) && (path.endsWith('/') || asked[path.length] === '/'));
const defaultPath = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf('/')));
