import { isIP, type Socket } from 'node:net';
import { YosugaraError } from '@yosugara/kernel';

/** The way through an HTTP proxy: CONNECT (RFC 9110 9.3.6), and what a proxy says instead. */

const MAX_ANSWER_BYTES = 16_384;
const END = '\r\n\r\n';
const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})(?: |$)/;

/** login: it wants to know who we are, or does not believe it. refused: it does not let us there. silent: no answer in time. nonsense: an answer that is none. gone: it closed, is not there, or does not get to the target. */
export type TunnelTrouble = 'login' | 'refused' | 'silent' | 'nonsense' | 'gone';

export class TunnelError extends YosugaraError {
  override readonly name = 'TunnelError';
  readonly trouble: TunnelTrouble;
  constructor(trouble: TunnelTrouble, message: string, cause?: unknown) {
    super('PROXY', message, { cause });
    this.trouble = trouble;
  }
}

export interface TunnelWish {
  /** Where to. */
  readonly target: string;
  /** The proxy, for sentences. */
  readonly proxy: string;
  /** The whole header's value; null = it wants none. */
  readonly authorization: string | null;
}

export const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;

export const hostAndPort = (host: string, port: number): string => (isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`);

/**
 * Asks a proxy that we are connected to for the way on. The socket is the target's afterwards, paused; it stays the caller's, who destroys it when this fails, and who has the deadline.
 * @throws TunnelError
 */
export async function askTunnel(socket: Socket, { target, proxy, authorization }: TunnelWish): Promise<void> {
  const login = authorization === null ? [] : [`Proxy-Authorization: ${authorization}`];
  const asked = [`CONNECT ${target} HTTP/1.1`, `Host: ${target}`, ...login].join('\r\n');
  await new Promise<void>((resolve, reject) => {
    let said = '';
    const settle = (error: TunnelError | null) => {
      socket.off('data', onData).off('error', onError).off('close', onClose).pause();
      if (error === null) resolve();
      else reject(error);
    };
    const onData = (chunk: Buffer) => {
      // Latin-1: a byte is a sign, so that nothing after the end is cut in two.
      said += chunk.toString('latin1');
      const end = said.indexOf(END);
      if (end >= 0 || said.length > MAX_ANSWER_BYTES) settle(refusalOf(said, end, target, proxy));
    };
    const onError = (error: Error) => settle(new TunnelError('gone', `the proxy ${proxy} broke off: ${error.message}`, error));
    const onClose = () => settle(new TunnelError('gone', `the proxy ${proxy} closed the connection in place of an answer`));
    socket.on('data', onData).on('error', onError).on('close', onClose);
    socket.write(`${asked}${END}`);
  });
}

/** null: the way is open. */
function refusalOf(said: string, end: number, target: string, proxy: string): TunnelError | null {
  const status = Number(STATUS_LINE.exec(said.slice(0, said.indexOf('\r\n')))?.[1] ?? 0);
  if (end < 0 || status < 200) return new TunnelError('nonsense', `the proxy ${proxy} answers what is no answer of a proxy`);
  // A wrong login is 407, too (RFC 9110 15.5.8); tinyproxy answers 401.
  if (status === 407 || status === 401)
    return new TunnelError(
      'login',
      `the proxy ${proxy} answers ${status} to the wish to reach ${target}: its login is wrong or missing`,
    );
  if (status >= 500) return new TunnelError('gone', `the proxy ${proxy} answers ${status}: it does not get to ${target}`);
  if (status >= 300) return new TunnelError('refused', `the proxy ${proxy} answers ${status} to the wish to reach ${target}`);
  // Who is asked for TLS says nothing before us.
  if (said.length > end + END.length)
    return new TunnelError('nonsense', `the proxy ${proxy} says something where TLS should begin`);
  return null;
}
