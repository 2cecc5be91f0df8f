import { readFileSync } from 'node:fs';
import { chmod, chown, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isThere, writeWhole } from '@yosugara/host-control/files';
import { STATE_LAYOUT } from '@yosugara/protocol';

/** Who owns what the programs of a node must write; null: whoever runs the command. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Where an installed node has its things. */
export interface Places {
  readonly configDir: string;
  readonly configFile: string;
  readonly stateDir: string;
  readonly dataDir: string;
  /** On the first server only: the authority's certificate, and its key until it is taken off. */
  readonly authorityKey: string;
  readonly authorityCertificate: string;
  /** On the first server, while members are missing. */
  readonly formingFile: string;
  /** On a member that has joined, until the cluster is whole. */
  readonly waitingFile: string;
  /** There while a program changes any of these. */
  readonly turnFolder: string;
  readonly owner: Owner | null;
}

export const DEFAULT_PLACES = {
  configDir: '/etc/yosugara',
  stateDir: '/var/lib/yosugara/state',
  dataDir: '/var/lib/yosugara/data',
  /** Made by the package. */
  account: 'yosugara',
} as const;

export interface AskedPlaces {
  readonly configDir?: string;
  readonly stateDir?: string;
  readonly dataDir?: string;
  readonly account?: string;
}

export function placesOf(asked: AskedPlaces): Places {
  const { configDir, stateDir, dataDir, account } = { ...DEFAULT_PLACES, ...asked };
  return {
    configDir,
    configFile: join(configDir, 'yosugara.yaml'),
    stateDir,
    dataDir,
    authorityKey: join(configDir, 'authority', 'ca.key'),
    authorityCertificate: join(configDir, 'authority', 'ca.crt'),
    formingFile: join(configDir, 'forming.json'),
    waitingFile: join(configDir, 'waiting.json'),
    turnFolder: join(configDir, 'turn'),
    owner: process.getuid?.() === 0 ? ownerOf(account) : null,
  };
}

function ownerOf(account: string): Owner | null {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${account}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid) };
}

/** A folder of ours, and those above it as they are. */
export async function ownFolder(path: string, owner: Owner | null, mode = 0o700): Promise<void> {
  await mkdir(path, { recursive: true, mode });
  if (owner !== null) await chown(path, owner.uid, owner.gid);
  await chmod(path, mode);
}

/** The state folder with these files below it, which its programs alone can read; PGDATA's folder too. */
export async function writeState(places: Places, files: Readonly<Record<string, string>>, holdsData: boolean): Promise<void> {
  const { stateDir, dataDir, owner } = places;
  await ownFolder(stateDir, owner);
  await ownFolder(join(stateDir, dirname(STATE_LAYOUT.secrets.identity)), owner);
  if (holdsData) await ownFolder(dataDir, owner);
  for (const [file, content] of Object.entries(files))
    await writeWhole(join(stateDir, file), content.endsWith('\n') ? content : `${content}\n`, owner === null ? {} : { owner });
}

/** What only root needs: the authority's key, and what is known of a cluster that is being formed. */
export async function writePrivate(path: string, content: string): Promise<void> {
  if (!(await isThere(dirname(path)))) await ownFolder(dirname(path), null);
  await writeWhole(path, content);
}

/** Read by the programs, written by root only; whatever the umask of who calls. */
export async function writeConfig({ configDir, configFile, owner }: Places, text: string): Promise<void> {
  await mkdir(configDir, { recursive: true });
  await chmod(configDir, 0o755);
  if (owner === null) return await writeWhole(configFile, text);
  await writeWhole(configFile, text, { mode: 0o640, owner: { uid: 0, gid: owner.gid } });
  await chmod(configFile, 0o640);
}
