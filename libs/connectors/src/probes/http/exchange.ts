import { type IncomingMessage, request } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, constants, gunzip, inflate } from 'node:zlib';
import { basic } from '../../tunnel/index.js';
import { label, refusal } from '../dial.js';
import { type Look, ProbeFailure } from '../look.js';
import { type HttpAnswer, type HttpAsk, type HttpClient, type HttpSession, shownUrl } from './ask.js';
import { open, proxyHeaders, targetOf } from './connection.js';
import { digestAnswer } from './digest.js';

const MAX_REDIRECTS = 10;
/** Whoever sends more than this is not waited for until the end. */
const MAX_READ_BYTES = 16 * 1_048_576;
const AGENT = 'Yosugara';
const SYNC = { finishFlush: constants.Z_SYNC_FLUSH };
const DECODERS = {
  ...{ gzip: promisify(gunzip), 'x-gzip': promisify(gunzip), deflate: promisify(inflate), br: promisify(brotliDecompress) },
} as const;

/** One page, after all redirects and with the login that is asked for. A connection each: what is measured includes it. @throws ProbeFailure */
export async function fetchPage(look: Look, ask: HttpAsk, session: HttpSession): Promise<HttpAnswer> {
  const first = urlOf(ask.url);
  let [url, now] = [first, ask];
  for (let redirects = 0; ; redirects++) {
    const answer = await withLogin(look, url, now, session, url.origin === first.origin);
    session.jar?.take(url, answer.headers['set-cookie'] ?? [], Date.now());
    const to = session.client.followRedirects ? locationOf(answer) : null;
    if (to === null) return answer;
    if (redirects === MAX_REDIRECTS) throw new ProbeFailure(`${shownUrl(first)} leads on more than ${MAX_REDIRECTS} times`);
    now = afterRedirect(now, answer.status);
    url = to;
  }
}

/** @throws ProbeFailure */
export function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '')
    throw new ProbeFailure('the address is none of http:// or https:// once the properties of the node are filled in');
  // Who is to be logged in is said elsewhere; here it would be sent to proxies.
  url.hash = url.username = url.password = '';
  return url;
}

function locationOf({ status, headers, url }: HttpAnswer): URL | null {
  if (![301, 302, 303, 307, 308].includes(status) || headers.location === undefined) return null;
  if (!URL.canParse(headers.location, url.href)) throw new ProbeFailure(`${shownUrl(url)} leads to what is no address`);
  const to = new URL(headers.location, url);
  if (!/^https?:$/.test(to.protocol)) throw new ProbeFailure(`${shownUrl(url)} leads to an address of ${to.protocol}`);
  return to;
}

/** RFC 9110 15.4: 307 and 308 repeat the request; after the others a POST has become a GET, as everybody does. */
const afterRedirect = (ask: HttpAsk, status: number): HttpAsk =>
  status === 307 || status === 308 || ask.method === 'HEAD' ? ask : { ...ask, method: 'GET', body: '' };

/** Who is logged in at one place is not introduced to another that this one leads to. */
async function withLogin(look: Look, url: URL, ask: HttpAsk, session: HttpSession, isHome: boolean): Promise<HttpAnswer> {
  const { login } = session.client;
  if (login === null || !isHome) return await exchange(look, url, ask, session, null, isHome);
  if (login.kind === 'basic') return await exchange(look, url, ask, session, basic(login.user, login.password), isHome);
  const answer = await exchange(look, url, ask, session, null, isHome);
  if (answer.status !== 401) return answer;
  const challenges = [answer.headers['www-authenticate'] ?? ''];
  const authorization = digestAnswer(challenges, login, { method: ask.method, uri: url.pathname + url.search });
  if (authorization === null)
    throw new ProbeFailure(`${shownUrl(url)} asks for a login, and for none by digest that is known here`);
  return await exchange(look, url, ask, session, authorization, isHome);
}

async function exchange(
  look: Look,
  url: URL,
  ask: HttpAsk,
  session: HttpSession,
  authorization: string | null,
  isHome: boolean,
): Promise<HttpAnswer> {
  const { client } = session;
  const connecting = async (part: Look) => await open(part, url, client);
  const { socket, byProxy } =
    client.connectMs === null ? await connecting(look) : await look.opening(client.connectMs, connecting);
  const where = label(targetOf(url));
  look.doing = `the answer of ${shownUrl(url)}`;
  const cookies = session.jar?.headerFor(url) ?? '';
  const asked = request({
    ...{ method: ask.method, path: byProxy ? url.href : url.pathname + url.search, createConnection: () => socket },
    headers: {
      ...{ host: url.host, 'user-agent': client.userAgent === '' ? AGENT : client.userAgent, accept: '*/*' },
      ...{ 'accept-encoding': 'identity', connection: 'close' },
      ...(ask.method === 'POST' ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
      ...(isHome ? Object.fromEntries(client.headers.map(({ name, value }) => [name.toLowerCase(), value])) : {}),
      ...(byProxy && client.proxy !== null ? proxyHeaders(client.proxy) : {}),
      ...(cookies === '' ? {} : { cookie: cookies }),
      ...(authorization === null ? {} : { authorization }),
      ...(ask.method === 'POST' ? { 'content-length': String(Buffer.byteLength(ask.body)) } : {}),
    },
  });
  look.closes(() => asked.destroy());
  try {
    const response = await look.wait(
      new Promise<IncomingMessage>((resolve, reject) => {
        asked.once('response', resolve);
        asked.on('error', reject);
        asked.end(ask.method === 'POST' ? ask.body : undefined);
      }),
    );
    const { body, cut } = await look.wait(readBody(response, client.keepBytes));
    const { statusCode = 0, headers } = response;
    return { status: statusCode, headers, body: await decoded(look, body, cut, headers['content-encoding'], client), cut, url };
  } catch (error) {
    throw error instanceof ProbeFailure ? error : new ProbeFailure(httpRefusal(error, where), error);
  } finally {
    asked.destroy();
    socket.destroy();
  }
}

function httpRefusal(error: unknown, where: string): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code?.startsWith('HPE_') === true) return `${where} does not speak HTTP`;
  if (code === 'ECONNRESET') return `${where} closed the connection before its answer was whole`;
  return refusal(error, where);
}

async function readBody(response: IncomingMessage, keep: number): Promise<{ readonly body: Buffer; readonly cut: boolean }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (bytes < keep) chunks.push(chunk.subarray(0, keep - bytes));
    bytes += chunk.length;
    if (bytes > MAX_READ_BYTES) break;
  }
  return { body: Buffer.concat(chunks), cut: bytes > keep };
}

/** Some pack their answer though it was asked for as it is. Never more than what may be read: a few bytes may stand for very many. */
async function decoded(
  look: Look,
  body: Buffer,
  cut: boolean,
  encoding: string | undefined,
  client: HttpClient,
): Promise<Buffer> {
  const decoder = DECODERS[(encoding ?? '').trim().toLowerCase() as keyof typeof DECODERS];
  if (decoder === undefined || body.length === 0) return body;
  try {
    return await look.wait(decoder(body, { maxOutputLength: client.keepBytes, ...(cut && encoding !== 'br' ? SYNC : {}) }));
  } catch (error) {
    if (error instanceof ProbeFailure) throw error;
    throw new ProbeFailure(`the answer is packed as ${encoding} and cannot be unpacked within ${client.keepBytes} bytes`, error);
  }
}
