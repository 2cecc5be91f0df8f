import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { dirname, join } from 'node:path';
import { type Authority, certificatePem, issueMember, newRequest } from '@yosugara/connectors/pki';
import { JOIN_PATH, NodeConfigSchema, STATE_LAYOUT } from '@yosugara/protocol';
import type { ManagerConfig } from '../../config.js';

export interface ManagingOptions {
  readonly dir: string;
  readonly pki: Authority;
  readonly node: 'a' | 'b';
  /** Third number of the addresses, 127.0.<third>.1 and .2. */
  readonly third: number;
  /** For agents. */
  readonly port: number;
  readonly postgres: { readonly host: string; readonly port: number };
  /** The same on both nodes. */
  readonly sessionKey: Buffer;
}

/** What a manager is given by files, with certificates of that authority. */
export async function managingConfig(options: ManagingOptions): Promise<ManagerConfig> {
  const { dir, pki, node, third, port, postgres, sessionKey } = options;
  const addressOf = (id: string) => `127.0.${third}.${id === 'a' ? 1 : 2}`;
  const stateDir = mkdtempSync(join(dir, `${node}-`));
  const pem = await issueMember(pki, node, [addressOf(node)]);
  const { secrets } = STATE_LAYOUT;
  const files = {
    [secrets.tlsKey]: pem.key,
    [secrets.tlsCert]: pem.certificate,
    [secrets.clusterCa]: certificatePem(pki.certificate),
  };
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(stateDir, file)), { recursive: true });
    writeFileSync(join(stateDir, file), text);
  }
  const config = NodeConfigSchema.parse({
    cluster: { id: 'spec', members: ['a', 'b'].map((id) => ({ id, kind: 'data', address: addressOf(id), peerId: id })) },
    ...{ node, stateDir, ports: { agents: port } },
  });
  const database = { ...postgres, user: 'postgres', database: 'postgres', password: 'x', clusterCa: null };
  return {
    node,
    address: addressOf(node),
    stateDir,
    config,
    postgres: database,
    secrets: { sessionKey },
  } as unknown as ManagerConfig;
}

export interface JoinedIdentity {
  readonly agent: string;
  readonly key: string;
  readonly certificate: string;
}

/** As an agent asks, by HTTPS. */
export async function askToJoin(
  { address, config }: Pick<ManagerConfig, 'address' | 'config'>,
  pki: Authority,
  agent: string,
  token: string,
  more: object = {},
): Promise<{ readonly status: number; readonly body: Record<string, unknown>; readonly identity: JoinedIdentity }> {
  const { key, request } = await newRequest(`agent:${agent}`);
  const asked = {
    token,
    agent,
    request,
    hostName: `${agent}.example.com`,
    addresses: ['127.0.0.1', '10.1.2.3'],
    platform: 'LINUX',
  };
  const { status, body } = await new Promise<{ status: number; body: Record<string, unknown> }>((resolve, reject) => {
    const asking = httpsRequest(
      {
        ...{ host: address, port: config.ports.agents, path: JOIN_PATH, method: 'POST', agent: false },
        ca: certificatePem(pki.certificate),
      },
      (response) => {
        let text = '';
        response.on('data', (part) => (text += String(part)));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }));
      },
    );
    asking.on('error', reject);
    asking.end(JSON.stringify({ ...asked, ...more }));
  });
  return { status, body, identity: { agent, key, certificate: String(body['certificate']) } };
}
