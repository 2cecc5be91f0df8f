import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { HostKeyRing, KEYS_VARIABLE } from '@yosugara/host-control/keys';
import { YosugaraError } from '@yosugara/kernel';
import { type NodeConfig, STATE_LAYOUT } from '@yosugara/protocol';
import { type ConfigPath, parseNodeConfig } from '@yosugara/runtime';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import { textNow } from './text-now.js';

/** Key and certificate in files. */
export interface CertificatePaths {
  readonly keyFile: string;
  readonly certFile: string;
}

/** What the console and the API show themselves by. */
export interface ConsoleCertificates {
  /** Of this node, signed by the cluster's CA. */
  readonly own: CertificatePaths;
  /** Which people see; null: the node's own. */
  readonly given: CertificatePaths | null;
  readonly caFile: string;
}

/** Everything this process was given by files. Never logged. */
export interface ManagerConfig {
  readonly node: string;
  readonly address: string;
  readonly vip: string | null;
  readonly port: number;
  readonly stateDir: string;
  readonly controlSocket: string;
  readonly staticDir: string;
  /** null or missing: plain http. */
  readonly tls?: ConsoleCertificates | null;
  readonly postgres: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly database: string;
    readonly password: string;
    /** PEM of the cluster's certificate authority; null = the cluster has none. */
    readonly clusterCa: string | null;
  };
  readonly secrets: {
    /** HMAC key of session cookies, the same on both nodes. */
    readonly sessionKey: Buffer;
    /** Bearer of POST /api/writes/probe; null = no such file, nobody is let in by it. */
    readonly probeToken: string | null;
    /** Bearer of GET /metrics; missing or null = no such file. */
    readonly metricsToken?: string | null;
    /** First console user, `login:password`; null = used up and removed by the operator. */
    readonly firstLogin: { readonly login: string; readonly password: string } | null;
  };
  /** What secrets and journals are encrypted by; missing: nothing is. */
  readonly keys?: HostKeyRing;
  readonly config: NodeConfig;
}

/** @throws ConfigError — keys; YosugaraError CONFIG_UNREADABLE, SECRET_UNREADABLE — files. */
export async function loadConfig(file: string, defaultStaticDir: string): Promise<ManagerConfig> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new YosugaraError('CONFIG_UNREADABLE', `${file} cannot be read`, { cause });
  });
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const broken = document.errors[0];
  if (broken !== undefined)
    throw new YosugaraError('CONFIG_UNREADABLE', `${file}: ${broken.message.split('\n')[0]}`, { cause: broken });
  const config = parseNodeConfig(document.toJS(), (path) => lineOf(document, lines, path));
  return await withSecrets(config, dirname(resolve(file)), defaultStaticDir);
}

function lineOf(document: Document, lines: LineCounter, path: ConfigPath): number {
  for (let depth = path.length; depth > 0; depth--) {
    const node = document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

async function withSecrets(config: NodeConfig, base: string, defaultStaticDir: string): Promise<ManagerConfig> {
  const self = config.cluster.members.find((member) => member.id === config.node);
  if (self === undefined || self.kind === 'witness')
    throw new YosugaraError('NOT_A_DATA_NODE', `${config.node} is no data node: a manager runs on data nodes only`);
  const stateDir = isAbsolute(config.stateDir) ? config.stateDir : resolve(base, config.stateDir);
  const place = (name: string) => join(stateDir, name);
  const { secrets } = STATE_LAYOUT;
  const caFile = place(secrets.clusterCa);
  const authorities = existsSync(caFile) ? textNow(caFile, await secret(caFile)) : null;
  return {
    node: config.node,
    address: self.address,
    vip: config.cluster.vip?.address ?? null,
    port: config.ports.console,
    stateDir,
    controlSocket: place(STATE_LAYOUT.controlSocket),
    staticDir: config.console.staticDir ?? defaultStaticDir,
    tls: config.console.tls.enabled ? certificatesOf(config, stateDir) : null,
    postgres: {
      host: self.address,
      port: config.ports.postgres,
      user: 'yosugara_manager',
      database: 'yosugara',
      password: await secret(place(secrets.postgresManager)),
      /** As its file has it now: authorities are replaced while this process runs. */
      get clusterCa() {
        return authorities?.() ?? null;
      },
    },
    secrets: {
      sessionKey: sessionKey(await secret(place(secrets.sessionKey))),
      probeToken: await optional(place(secrets.postgresApp)),
      metricsToken: await optional(place(secrets.metricsToken)),
      firstLogin: firstLogin(await optional(place(secrets.firstLogin))),
    },
    keys: keysOf(config, stateDir),
    config,
  };
}

/** Programs that are started from here, commands of people's among them, are none that need the keys. */
function keysOf(config: NodeConfig, stateDir: string): HostKeyRing {
  const ring = new HostKeyRing({ config, stateDir, env: { ...process.env } });
  delete process.env[KEYS_VARIABLE];
  return ring;
}

function certificatesOf({ console: { tls } }: NodeConfig, stateDir: string): ConsoleCertificates {
  const { tlsKey, tlsCert, clusterCa } = STATE_LAYOUT.secrets;
  const { keyFile, certFile } = tls;
  const given = keyFile !== undefined && certFile !== undefined;
  return {
    own: { keyFile: join(stateDir, tlsKey), certFile: join(stateDir, tlsCert) },
    given: given ? { keyFile: resolve(stateDir, keyFile), certFile: resolve(stateDir, certFile) } : null,
    caFile: join(stateDir, clusterCa),
  };
}

async function secret(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new YosugaraError('SECRET_UNREADABLE', `${file} cannot be read`, { cause });
  });
  const value = text.trim();
  if (value === '') throw new YosugaraError('SECRET_UNREADABLE', `${file} is empty`);
  return value;
}

const optional = async (file: string): Promise<string | null> => (existsSync(file) ? await secret(file) : null);

function sessionKey(text: string): Buffer {
  const key = Buffer.from(text, 'base64');
  if (key.length < 32)
    throw new YosugaraError(
      'SECRET_UNREADABLE',
      `${STATE_LAYOUT.secrets.sessionKey}: ${key.length} bytes, at least 32 are needed (base64)`,
    );
  return key;
}

/** `login:password`, as `yosugara init` writes it; a bare password is `admin`'s. */
function firstLogin(text: string | null): ManagerConfig['secrets']['firstLogin'] {
  if (text === null) return null;
  const colon = text.indexOf(':');
  return colon < 1 ? { login: 'admin', password: text } : { login: text.slice(0, colon), password: text.slice(colon + 1) };
}
