import { createHash, X509Certificate } from 'node:crypto';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { connect } from 'node:tls';
import { explain } from '@yosugara/kernel';
import {
  agentNameOf,
  JOIN_PATH,
  type JoinAnswer,
  JoinAnswerSchema,
  type JoinRequest,
  partsOfJoinToken,
} from '@yosugara/protocol/agents';
import { AgentConfigError, JoinError } from './errors.js';
import { loadIdentity, type ManagerAddress, saveIdentity, saveManagers } from './identity.js';
import { requestInChild } from './request.js';

const DEADLINE_MS = 15_000;
const MAX_ANSWER_BYTES = 1_048_576;

export interface JoinOptions {
  readonly manager: ManagerAddress;
  readonly token: string;
  /** SHA-256 of the cluster's authority, hexadecimal with or without colons, or base64url; null = the token has it. */
  readonly caFingerprint: string | null;
  readonly agent: string;
  readonly dataDir: string;
  /** Over an identity that is there. */
  readonly force: boolean;
}

/** @throws JoinError — with a sentence; nothing was changed on the disk. */
export async function joinCluster(options: JoinOptions): Promise<JoinAnswer> {
  const { manager, token, agent, dataDir, force } = options;
  if (!force && (await isJoined(dataDir)))
    throw new JoinError(`${dataDir} has an identity already; --force puts another one in its place`);
  const fingerprint = fingerprintOf(options.caFingerprint ?? partsOfJoinToken(token)?.authoritySha256 ?? null);
  // First who it is, then the secret.
  const authority = await authorityOf(manager, fingerprint);
  const { key, request } = await requestInChild(agentNameOf(agent));
  const addresses = Object.values(networkInterfaces()).flatMap((each) =>
    (each ?? []).filter(({ internal }) => !internal).map(({ address }) => address),
  );
  const asked: JoinRequest = {
    token,
    agent,
    request,
    hostName: hostname(),
    addresses: addresses.slice(0, 64),
    platform: 'LINUX',
  };
  const answer = await post(manager, authority, asked);
  await saveIdentity(dataDir, { agent, key, certificate: answer.certificate, authority: answer.authority });
  await saveManagers(dataDir, answer.managers.length > 0 ? answer.managers : [manager]);
  return answer;
}

async function isJoined(dataDir: string): Promise<boolean> {
  try {
    await loadIdentity(dataDir);
    return true;
  } catch (error) {
    if (error instanceof AgentConfigError) return false;
    throw error;
  }
}

/** In hexadecimal. @throws JoinError */
export function fingerprintOf(text: string | null): string {
  if (text === null)
    throw new JoinError('by which authority the managers are known is missing: --ca-fingerprint, or a token that has it');
  const hex = text
    .replace(/^sha256[:=]/i, '')
    .replaceAll(':', '')
    .toLowerCase();
  if (/^[0-9a-f]{64}$/.test(hex)) return hex;
  if (/^[A-Za-z0-9_-]{43}$/.test(text)) return Buffer.from(text, 'base64url').toString('hex');
  throw new JoinError('the fingerprint is no SHA-256: 64 hexadecimal digits are wanted');
}

/** The certificate with that fingerprint, among those that the manager shows. Its signature under the manager's own is looked at when it is asked. */
async function authorityOf({ host, port }: ManagerAddress, fingerprint: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
      ...(isIP(host) === 0 ? { servername: host } : {}),
    });
    const fail = (why: string, cause?: unknown) => {
      socket.destroy();
      reject(new JoinError(why, cause));
    };
    socket.setTimeout(DEADLINE_MS, () => fail(`${host}:${port} did not answer within ${DEADLINE_MS} ms`));
    socket.once('error', (error) => fail(`there is no connection to ${host}:${port}`, error));
    socket.once('secureConnect', () => {
      let certificate = socket.getPeerX509Certificate();
      for (let depth = 0; certificate !== undefined && depth < 8; depth++, certificate = certificate.issuerCertificate) {
        if (createHash('sha256').update(certificate.raw).digest('hex') !== fingerprint) continue;
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

async function post({ host, port }: ManagerAddress, authority: string, asked: JoinRequest): Promise<JoinAnswer> {
  const body = JSON.stringify(asked);
  const { status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const request = httpsRequest(
      {
        ...{
          host,
          port,
          path: JOIN_PATH,
          method: 'POST',
          ca: authority,
          minVersion: 'TLSv1.3',
          agent: false,
          timeout: DEADLINE_MS,
        },
        // Which address a member listens on, its certificate need not say.
        checkServerIdentity: () => undefined,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          text += part;
          if (text.length > MAX_ANSWER_BYTES) request.destroy(new Error('the answer has no end'));
        });
        response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.once('error', reject);
      },
    );
    request.once('timeout', () => request.destroy(new Error(`no answer within ${DEADLINE_MS} ms`)));
    request.once('error', reject);
    request.end(body);
  }).catch((error: unknown) => {
    throw new JoinError(`${host}:${port} could not be asked: ${explain(error)}`, error);
  });
  if (status !== 200) throw new JoinError(`${host}:${port} refused: ${refusalOf(status, text)}`);
  const answer = JoinAnswerSchema.safeParse(jsonOf(text));
  if (!answer.success) throw new JoinError(`${host}:${port} answered what is not understood`);
  new X509Certificate(answer.data.certificate);
  return answer.data;
}

function refusalOf(status: number, text: string): string {
  const { code, message, master } = (jsonOf(text) ?? {}) as {
    readonly code?: string;
    readonly message?: string;
    readonly master?: string | null;
  };
  const where = code === 'NOT_ACTIVE' && typeof master === 'string' ? `; the Master is ${master}` : '';
  return message === undefined ? `status ${status}` : `${message}${where}`;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
