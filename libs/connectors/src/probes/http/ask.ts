import type { IncomingHttpHeaders } from 'node:http';
import type { TlsCheck } from '../dial.js';
import type { CookieJar } from './cookies.js';

export interface HttpLogin {
  readonly kind: 'basic' | 'digest';
  readonly user: string;
  readonly password: string;
}

export interface HttpProxy {
  readonly url: string;
  readonly user: string;
  readonly password: string;
}

/** What does not change from page to page. */
export interface HttpClient {
  readonly login: HttpLogin | null;
  readonly proxy: HttpProxy | null;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** '' = ours. */
  readonly userAgent: string;
  readonly tls: TlsCheck;
  readonly followRedirects: boolean;
  /** Until the connection is there, TLS and proxy included; null = as long as the look has. */
  readonly connectMs: number | null;
  /** Of a body; the rest is read and dropped. */
  readonly keepBytes: number;
}

export interface HttpAsk {
  readonly url: string;
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly body: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** It is longer than what was kept of it. */
  readonly cut: boolean;
  /** After all redirects. */
  readonly url: URL;
}

export interface HttpSession {
  readonly client: HttpClient;
  /** null = cookies are not kept. */
  readonly jar: CookieJar | null;
}

/** Without what may be a secret: user, password, and the part behind the question mark. */
export const shownUrl = (url: URL): string => `${url.origin}${url.pathname}`;
