import { type IncomingMessage, request } from 'node:http';
import type { RestAccessBody } from '@yosugara/protocol';
import { refusal } from '../probes/dial.js';
import { open } from '../probes/http/connection.js';
import { type Look, ProbeFailure } from '../probes/look.js';

const MAX_ANSWER_BYTES = 65_536;
const AGENT = 'Yosugara';

export interface HttpAsk {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

export interface HttpTold {
  readonly status: number;
  readonly location: string | null;
  readonly retryAfterMs: number | null;
  readonly body: string;
}

/** One request on a connection of its own. @throws ProbeFailure */
export async function ask(
  look: Look,
  access: Pick<RestAccessBody, 'ca' | 'proxy' | 'connectTimeoutMs'>,
  { method, url, headers, body }: HttpAsk,
): Promise<HttpTold> {
  const { ca, connectTimeoutMs } = access;
  const proxy = access.proxy === null ? null : { url: access.proxy, user: '', password: '' };
  const tls = { verify: true, ...(ca === null ? {} : { caPem: ca }) };
  const { socket, byProxy } = await look.opening(connectTimeoutMs, async (part) => await open(part, url, { proxy, tls }));
  look.doing = `the answer of ${url.host}`;
  const asked = request({
    ...{ method, path: byProxy ? url.href : url.pathname + url.search, createConnection: () => socket },
    headers: {
      ...{ host: url.host, 'user-agent': AGENT, accept: '*/*', 'accept-encoding': 'identity', connection: 'close' },
      ...(body === null ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
      ...headers,
    },
  });
  look.closes(() => asked.destroy());
  try {
    const response = await look.wait(
      new Promise<IncomingMessage>((resolve, reject) => {
        asked.once('response', resolve);
        asked.on('error', reject);
        asked.end(body ?? undefined);
      }),
    );
    const { statusCode = 0, headers: said } = response;
    const text = await look.wait(read(response));
    return { status: statusCode, location: said.location ?? null, retryAfterMs: afterMs(said['retry-after']), body: text };
  } catch (error) {
    throw error instanceof ProbeFailure ? error : new ProbeFailure(refusal(error, url.host), error);
  } finally {
    asked.destroy();
    socket.destroy();
  }
}

async function read(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    chunks.push(chunk);
    if (bytes > MAX_ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, MAX_ANSWER_BYTES);
}

/** RFC 9110 10.2.3: seconds, or a date. */
function afterMs(header: string | undefined): number | null {
  if (header === undefined) return null;
  const ms = /^\d{1,6}$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) && ms > 0 ? ms : null;
}
