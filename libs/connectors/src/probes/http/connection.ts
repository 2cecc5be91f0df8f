import { request } from 'node:http';
import type { Socket } from 'node:net';
import { dial, label, refusal, secure, type Target } from '../dial.js';
import { type Look, ProbeFailure } from '../look.js';
import type { HttpClient, HttpProxy } from './ask.js';

export interface HttpConnection {
  readonly socket: Socket;
  /** The request line names the whole address: the proxy is told where to (RFC 9112 3.2.2). */
  readonly byProxy: boolean;
}

/** Where a URL leads. */
export const targetOf = (url: URL): Target => ({
  host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
  port: url.port !== '' ? Number(url.port) : url.protocol === 'https:' ? 443 : 80,
});

export const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;

export const proxyHeaders = ({ user, password }: HttpProxy): Readonly<Record<string, string>> =>
  user === '' ? {} : { 'proxy-authorization': basic(user, password) };

/** @throws ProbeFailure */
export async function open(look: Look, url: URL, { proxy, tls }: Pick<HttpClient, 'proxy' | 'tls'>): Promise<HttpConnection> {
  const target = targetOf(url);
  const isSecure = url.protocol === 'https:';
  if (proxy === null) {
    const socket = await dial(look, target);
    return { socket: isSecure ? await secure(look, socket, target, tls) : socket, byProxy: false };
  }
  const via = new URL(proxy.url);
  let socket = await dial(look, targetOf(via));
  if (via.protocol === 'https:') socket = await secure(look, socket, targetOf(via), tls);
  if (!isSecure) return { socket, byProxy: true };
  await tunnel(look, socket, target, proxy, label(targetOf(via)));
  return { socket: await secure(look, socket, target, tls), byProxy: false };
}

/** RFC 9110 9.3.6. */
async function tunnel(look: Look, socket: Socket, target: Target, proxy: HttpProxy, where: string): Promise<void> {
  look.doing = `the way through the proxy ${where} to ${label(target)}`;
  const asked = request({
    ...{ method: 'CONNECT', path: label(target), headers: { host: label(target), ...proxyHeaders(proxy) } },
    createConnection: () => socket,
  });
  look.closes(() => asked.destroy());
  await look.wait(
    new Promise<void>((resolve, reject) => {
      asked.on('error', (error) => reject(new ProbeFailure(refusal(error, where), error)));
      const refused = (status: number | undefined) =>
        reject(new ProbeFailure(`the proxy ${where} answers ${status} to the wish to reach ${label(target)}`));
      asked.once('response', ({ statusCode }) => refused(statusCode));
      asked.once('connect', ({ statusCode }, _, head) => {
        if (statusCode !== 200) return refused(statusCode);
        // Who is asked for TLS says nothing before us.
        if (head.length > 0) return reject(new ProbeFailure(`the proxy ${where} says something where TLS should begin`));
        resolve();
      });
      asked.end();
    }),
  );
}
