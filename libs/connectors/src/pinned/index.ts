import { createHash } from 'node:crypto';
import { type RequestOptions, request } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { connect } from 'node:tls';
import { explain, YosugaraError } from '@yosugara/kernel';

/** Asking a server that is known by its authority's SHA-256 and by nothing else: how whoever has a join token begins. */

export const PINNED_DEADLINE_MS = 15_000;
const MAX_ANSWER_BYTES = 1_048_576;
const MAX_DEPTH = 8;

export interface PinnedServer {
  readonly host: string;
  readonly port: number;
  /** Through whom it is reached, a connection for each question; directly without it. */
  readonly open?: () => Promise<Socket>;
}

/** There was no answer, or it is not who was meant. */
const unreachable = (why: string, cause?: unknown) => new YosugaraError('PINNED_SERVER', why, { cause });

/**
 * The authority's certificate (PEM) among those that the server shows. Its signature under the server's own is looked at when it is asked.
 * @param sha256 of the certificate (DER), hexadecimal.
 * @throws YosugaraError PINNED_SERVER — with a sentence.
 */
export async function authorityShownBy({ host, port, open }: PinnedServer, sha256: string): Promise<string> {
  const over = open === undefined ? { host, port } : { socket: await open() };
  return await new Promise((resolve, reject) => {
    const socket = connect({
      ...{ ...over, rejectUnauthorized: false, minVersion: 'TLSv1.3' },
      ...(isIP(host) === 0 ? { servername: host } : {}),
    });
    const fail = (why: string, cause?: unknown) => {
      socket.destroy();
      reject(unreachable(why, cause));
    };
    socket.setTimeout(PINNED_DEADLINE_MS, () => fail(`${host}:${port} did not answer within ${PINNED_DEADLINE_MS} ms`));
    socket.once('error', (error) => fail(`there is no connection to ${host}:${port}`, error));
    socket.once('secureConnect', () => {
      let certificate = socket.getPeerX509Certificate();
      for (let depth = 0; certificate !== undefined && depth < MAX_DEPTH; depth++, certificate = certificate.issuerCertificate) {
        if (createHash('sha256').update(certificate.raw).digest('hex') !== sha256) continue;
        const found = certificate.toString();
        socket.destroy();
        return resolve(found);
      }
      fail(
        `${host}:${port} shows no certificate with that fingerprint: it is not a manager of that cluster, or the fingerprint is of another one`,
      );
    });
  });
}

export interface PinnedQuestion extends PinnedServer {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** PEM: whom to believe. */
  readonly authority: string;
  /** Our own certificate, where we have one. */
  readonly own?: { readonly key: string; readonly certificate: string };
  readonly body?: object;
  /** Which address it listens on, its certificate need not say. */
  readonly anyName?: boolean;
}

export interface PinnedAnswer {
  readonly status: number;
  /** undefined: it was no JSON. */
  readonly body: unknown;
}

/** @throws YosugaraError PINNED_SERVER — nobody answered, or it was not who we believe. */
export async function askPinned(question: PinnedQuestion): Promise<PinnedAnswer> {
  const { host, port, method, path, authority, own, open } = question;
  const body = question.body === undefined ? '' : JSON.stringify(question.body);
  const socket = await open?.();
  const options: RequestOptions = {
    ...{ host, port, method, path, ca: authority, minVersion: 'TLSv1.3', agent: false, timeout: PINNED_DEADLINE_MS },
    ...(own === undefined ? {} : { key: own.key, cert: own.certificate }),
    ...(question.anyName === true ? { checkServerIdentity: () => undefined } : {}),
    // It is given to TLS as it is.
    ...(socket === undefined ? {} : { socket }),
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
  };
  return await new Promise<PinnedAnswer>((resolve, reject) => {
    const call = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
        if (text.length > MAX_ANSWER_BYTES) call.destroy(new Error('the answer has no end'));
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body: parsed(text) }));
      response.once('error', reject);
    });
    call.once('timeout', () => call.destroy(new Error(`no answer within ${PINNED_DEADLINE_MS} ms`)));
    call.once('error', reject);
    call.end(body);
  }).catch((error: unknown) => {
    throw unreachable(`${host}:${port} could not be asked: ${explain(error)}`, error);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
