import { authorityShownBy } from '@yosugara/connectors/pinned';
import { newRequest } from '@yosugara/connectors/pki';
import { isThere, readIfThere } from '@yosugara/host-control/files';
import { YosugaraError } from '@yosugara/kernel';
import {
  JOINING_PATHS,
  type MemberToken,
  type MemberWelcome,
  MemberWelcomeSchema,
  memberTokenOf,
  STATE_LAYOUT,
  type WaitingState,
} from '@yosugara/protocol';
import { joinLog } from '../commands/first-log.js';
import { newIdentitySeed, peerIdOfSeed } from '../init/index.js';
import { writeWaiting } from './files.js';
import { askFirst, fingerprintOf } from './first-server.js';
import { type Places, writePrivate, writeState } from './places.js';

/** Made before the token is told, so that the same host can ask again when the answer was lost. */
interface OwnKeys {
  readonly seed: string;
  readonly key: string;
  readonly request: string;
}

export interface Joined {
  readonly token: MemberToken;
  readonly keys: OwnKeys;
  readonly welcome: MemberWelcome;
  /** How far this host's clock is ahead of the first server's. */
  readonly clockAheadMs: number;
}

export function tokenOf(text: string): MemberToken {
  const token = memberTokenOf(text);
  if (token === null)
    throw new YosugaraError(
      'USAGE',
      'this is no join token of a member: it begins with yjm1. and is printed by `yosugara init` on the first server',
    );
  return token;
}

/** @throws YosugaraError ALREADY_EXISTS */
export async function refuseIfMember(places: Places): Promise<void> {
  for (const path of [places.configFile, places.formingFile, places.waitingFile])
    if (await isThere(path))
      throw new YosugaraError(
        'ALREADY_EXISTS',
        `${path} is there: this host is a member of a cluster already, or is becoming one`,
      );
}

/**
 * Makes this host's identity and key, and gets its certificate and what all share. Its keys never leave it; nothing but them is written.
 * @throws YosugaraError with a sentence; after one the same token can be used again from here.
 */
export async function askToJoin(places: Places, token: MemberToken): Promise<Joined> {
  const first = { host: token.address, port: token.port };
  // First who it is, then the secret.
  const authority = await authorityShownBy(first, fingerprintOf(token.authority));
  const keys = await ownKeys(places, token.member);
  const peerId = peerIdOfSeed(Buffer.from(keys.seed, 'base64'));
  const body = { member: token.member, secret: token.secret, request: keys.request, peerId };
  const askedMs = Date.now();
  const answer = await askFirst({ ...first, authority, method: 'POST', path: JOINING_PATHS.join, body });
  const answeredMs = Date.now();
  const welcome = MemberWelcomeSchema.safeParse(answer).data;
  if (welcome === undefined)
    throw new YosugaraError('FIRST_SERVER', 'the first server answered what is not understood: another version?');
  return { token, keys, welcome, clockAheadMs: (askedMs + answeredMs) / 2 - welcome.clockMs };
}

/** Writes what was got: from then on this host waits for the others. */
export async function becomeMember(places: Places, joined: Joined, local: WaitingState['local']): Promise<void> {
  const { token, keys, welcome } = joined;
  const { secrets } = STATE_LAYOUT;
  const files = {
    ...welcome.secrets,
    [secrets.identity]: keys.seed,
    [secrets.tlsKey]: keys.key,
    [secrets.tlsCert]: welcome.certificate,
    [secrets.clusterCa]: welcome.authority,
  };
  await writeState(places, files, token.kind !== 'witness');
  if (welcome.log !== undefined) await joinLog(places, welcome.log, 'the first server');
  await writeWaiting(places, {
    ...{ version: 1, member: token.member, config: welcome.config, local },
    first: { address: token.address, port: token.port },
  });
}

async function ownKeys(places: Places, member: string): Promise<OwnKeys> {
  const path = keysFile(places, member);
  const known = await readIfThere(path);
  if (known !== null) return JSON.parse(known) as OwnKeys;
  const made = { seed: newIdentitySeed().toString('base64'), ...(await newRequest(member)) };
  await writePrivate(path, `${JSON.stringify(made)}\n`);
  return made;
}

/** Removed when the cluster is whole. */
export const keysFile = (places: Places, member: string): string => `${places.configDir}/joining-${member}.json`;
