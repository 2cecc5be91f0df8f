import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { YosugaraError } from '@yosugara/kernel';
import { type NodeConfig, NodeConfigSchema, STATE_LAYOUT } from '@yosugara/protocol';
import { parse, parseDocument } from 'yaml';
import { initCluster } from '../init/index.js';
import { agentDir } from './agent.js';
import { DATA_NODES, type Layout, localPlan, NODES } from './layout.js';
import { busyPort, listensOf } from './ports.js';

const MIN_FREE_BYTES = 200 * 1024 * 1024;
/** sockaddr_un.sun_path (unix(7)): 108 bytes with the closing zero. */
const MAX_SOCKET_PATH_BYTES = 107;
/** PostgreSQL's account on Debian. */
const POSTGRES_ACCOUNT = 'postgres';

const refusal = (message: string) => new YosugaraError('CANNOT_START', message);

export interface Prepared {
  /** The first login, when it was made now. */
  readonly firstLogin: { readonly user: string; readonly password: string } | null;
  /** Where databases now lie that a clone in this folder left behind when it was deleted. */
  readonly setAside: string | null;
}

/** Makes folders, identities and configuration where they are missing. */
export async function prepareState(layout: Layout): Promise<Prepared> {
  const longest = join(layout.state, 'a', STATE_LAYOUT.receiverSocket);
  if (Buffer.byteLength(longest) > MAX_SOCKET_PATH_BYTES)
    throw refusal(`${longest} is too long for a UNIX socket (${MAX_SOCKET_PATH_BYTES} bytes): clone to a shorter path`);
  mkdirSync(layout.state, { recursive: true, mode: 0o700 });
  const made = existsSync(join(layout.state, 'w', 'yosugara.yaml')) ? null : await initCluster(layout.state, localPlan(layout));
  // A new cluster cannot own what lies there already: as root, PGDATA outlives the clone it was made for.
  const setAside = made === null ? null : dataSetAside(layout);
  // An agent of another cluster would not be let in.
  if (made !== null) rmSync(agentDir(layout), { recursive: true, force: true });
  for (const node of NODES) refreshPaths(layout, node);
  for (const node of DATA_NODES) prepareData(layout, node);
  bringTokens(layout);
  return { firstLogin: made?.firstLogin ?? null, setAside };
}

/** Databases are never deleted unasked: they move to the first free name beside their place. */
function dataSetAside({ data }: Layout): string | null {
  if (!existsSync(data)) return null;
  let n = 1;
  while (existsSync(`${data}.old${n}`)) n += 1;
  renameSync(data, `${data}.old${n}`);
  return `${data}.old${n}`;
}

/** The clone may have moved, or PostgreSQL may be another one than last time. What people changed stays. */
function refreshPaths(layout: Layout, node: string): void {
  const file = join(layout.state, node, 'yosugara.yaml');
  const document = parseDocument(readFileSync(file, 'utf8'));
  const before = document.toString();
  document.set('stateDir', join(layout.state, node));
  if (node !== 'w') {
    document.set('dataDir', join(layout.data, node));
    const bin = process.env['YOSUGARA_POSTGRES_BIN'];
    if (bin !== undefined && bin !== '') document.setIn(['postgres', 'bin'], bin);
    document.setIn(['console', 'staticDir'], join(layout.root, 'apps', 'console', 'dist'));
    // Of a clone from before there was TLS: as it was.
    if (!document.hasIn(['console', 'tls'])) document.setIn(['console', 'tls', 'enabled'], false);
  }
  if (document.toString() !== before) writeFileSync(file, document.toString(), { mode: 0o600 });
}

/** A cluster that was made before there were custom traps gets its token now, the same on both nodes. */
function bringTokens(layout: Layout): void {
  const files = DATA_NODES.map((node) => join(layout.state, node, STATE_LAYOUT.secrets.customTrapTokens));
  const known = files.find((file) => existsSync(file));
  const tokens = known === undefined ? `${randomBytes(32).toString('base64url')}\n` : readFileSync(known, 'utf8');
  for (const file of files) if (!existsSync(file)) writeFileSync(file, tokens, { mode: 0o600 });
}

function prepareData(layout: Layout, node: string): void {
  const dir = join(layout.data, node);
  prepareDataDir(dir, POSTGRES_ACCOUNT);
  if (process.getuid?.() !== 0) return;
  for (const above of [layout.data, dirname(layout.data)]) chmodSync(above, 0o755);
  const link = join(layout.state, node, 'data');
  if (!lstatSync(link, { throwIfNoEntry: false })) symlinkSync(dir, link);
}

/** PGDATA's parent: PostgreSQL's account owns it, since PostgreSQL refuses to be root. */
export function prepareDataDir(dir: string, account: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o755 });
  if (process.getuid?.() === 0) {
    const { uid, gid } = accountOf(account);
    chownSync(dir, uid, gid);
  }
  chmodSync(dir, 0o700);
}

function accountOf(name: string): { readonly uid: number; readonly gid: number } {
  const fields = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`${name}:`))
    ?.split(':');
  if (fields === undefined)
    throw refusal(`PostgreSQL cannot run as root, and there is no account ${name} here: create it (useradd -r ${name})`);
  return { uid: Number(fields[2]), gid: Number(fields[3]) };
}

/** Everything that would only be found out by processes that fail one by one. @throws YosugaraError one clear line. */
export async function preflight(layout: Layout): Promise<void> {
  if (!existsSync(layout.program('controller'))) throw refusal('apps/controller is not built: run `npm run build`');
  for (const dir of [layout.state, layout.data]) requireSpace(dir);
  const busy = await busyPort(NODES.flatMap((node) => listensOf(configOf(layout, node))).filter(firstOfItsKind()));
  if (busy !== null) throw refusal(busy);
}

export function configOf(layout: Layout, node: string): NodeConfig {
  const file = join(layout.state, node, 'yosugara.yaml');
  const parsed = NodeConfigSchema.safeParse(parse(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw refusal(`${file}: ${issue.path.join('.') || 'top level'}: ${issue.message}`);
}

/** Both data nodes name the VIP's addresses; one probe of each is enough, and two at once would meet. */
function firstOfItsKind(): (listen: object) => boolean {
  const seen = new Set<string>();
  return (listen) => {
    const key = JSON.stringify(listen);
    return !seen.has(key) && seen.add(key) !== undefined;
  };
}

export function requireSpace(dir: string, minFreeBytes = MIN_FREE_BYTES): void {
  const { bavail, bsize } = statfsSync(dir);
  const freeBytes = bavail * bsize;
  const mb = (bytes: number) => Math.floor(bytes / 1024 / 1024);
  if (freeBytes < minFreeBytes)
    throw refusal(`the disk is full: ${mb(freeBytes)} MB free at ${dir}, at least ${mb(minFreeBytes)} MB are needed`);
}

/** `--fresh`: everything the local cluster ever wrote. */
export function wipe(layout: Layout): void {
  rmSync(layout.state, { recursive: true, force: true });
  rmSync(layout.data, { recursive: true, force: true });
}
