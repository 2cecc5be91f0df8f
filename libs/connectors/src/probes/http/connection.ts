import type { Socket } from 'node:net';
import { explain } from '@yosugara/kernel';
import { askTunnel, basic } from '../../tunnel/index.js';
import { dial, label, secure, type Target } from '../dial.js';
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

const authorizationOf = ({ user, password }: HttpProxy): string | null => (user === '' ? null : basic(user, password));

export function proxyHeaders(proxy: HttpProxy): Readonly<Record<string, string>> {
  const authorization = authorizationOf(proxy);
  return authorization === null ? {} : { 'proxy-authorization': authorization };
}

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
  await tunnel(look, socket, label(target), proxy, label(targetOf(via)));
  return { socket: await secure(look, socket, target, tls), byProxy: false };
}

async function tunnel(look: Look, socket: Socket, target: string, login: HttpProxy, proxy: string): Promise<void> {
  look.doing = `the way through the proxy ${proxy} to ${target}`;
  const asked = askTunnel(socket, { target, proxy, authorization: authorizationOf(login) });
  await look.wait(
    asked.catch((error: unknown) => {
      throw new ProbeFailure(explain(error), error);
    }),
  );
}
