import { X509Certificate } from 'node:crypto';
import { hostname, networkInterfaces } from 'node:os';
import { askPinned, authorityShownBy, type PinnedServer } from '@yosugara/connectors/pinned';
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
import { type ProxySettings, ProxyWay } from './link/proxy.js';
import { requestInChild } from './request.js';

export interface JoinOptions {
  readonly manager: ManagerAddress;
  readonly token: string;
  /** SHA-256 of the cluster's authority, hexadecimal with or without colons, or base64url; null = the token has it. */
  readonly caFingerprint: string | null;
  readonly agent: string;
  readonly dataDir: string;
  /** null = the manager is reached without one. */
  readonly proxy: ProxySettings | null;
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
  const proxy = options.proxy === null ? null : new ProxyWay(options.proxy);
  const server: PinnedServer =
    proxy?.leadsTo(manager.host) === true ? { ...manager, open: async () => await proxy.open(manager) } : manager;
  const authority = await authorityOf(server, fingerprint);
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
  const answer = await post(server, authority, asked);
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

async function authorityOf(manager: PinnedServer, fingerprint: string): Promise<string> {
  return await authorityShownBy(manager, fingerprint).catch((error: unknown) => {
    throw new JoinError(explain(error), error);
  });
}

async function post(server: PinnedServer, authority: string, asked: JoinRequest): Promise<JoinAnswer> {
  const { host, port } = server;
  const question = { ...server, authority, method: 'POST', path: JOIN_PATH, body: asked, anyName: true } as const;
  const { status, body } = await askPinned(question).catch((error: unknown) => {
    throw new JoinError(explain(error), error);
  });
  if (status !== 200) throw new JoinError(`${host}:${port} refused: ${refusalOf(status, body)}`);
  const answer = JoinAnswerSchema.safeParse(body);
  if (!answer.success) throw new JoinError(`${host}:${port} answered what is not understood`);
  new X509Certificate(answer.data.certificate);
  return answer.data;
}

function refusalOf(status: number, body: unknown): string {
  const { code, message, master } = (body ?? {}) as {
    readonly code?: string;
    readonly message?: string;
    readonly master?: string | null;
  };
  const where = code === 'NOT_ACTIVE' && typeof master === 'string' ? `; the Master is ${master}` : '';
  return message === undefined ? `status ${status}` : `${message}${where}`;
}
