import { type Authority, authoritySha256, certificatePem, issueMember, keyPem, newAuthority } from '@yosugara/connectors/pki';
import { isThere } from '@yosugara/host-control/files';
import { YosugaraError } from '@yosugara/kernel';
import {
  CERTIFICATE_FILES,
  type FormingState,
  memberTokenText,
  PENDING_PEER,
  type SharedConfig,
  STATE_LAYOUT,
} from '@yosugara/protocol';
import { FIRST_USER, newIdentitySeed, peerIdOfSeed, sharedSecrets } from '../init/index.js';
import { readForming, writeForming } from './files.js';
import { forgotten, missingOf, withToken } from './forming.js';
import { type Places, writePrivate, writeState } from './places.js';
import { inTurn } from './turn.js';

export interface FirstPlan {
  readonly self: string;
  /** With `pending` for every peer id. */
  readonly config: SharedConfig;
  readonly local: FormingState['local'];
  readonly joinPort: number;
  readonly tokenMinutes: number;
  /** The authority's key is not given to the data nodes. */
  readonly authorityOutside?: boolean;
  /** More files for `secrets/`, the same on all data nodes: those of power devices, the passphrase of backups. */
  readonly secrets: Readonly<Record<string, string>>;
}

export interface NewToken {
  readonly member: string;
  readonly kind: 'data' | 'witness' | 'dr';
  readonly token: string;
  readonly until: string;
}

export interface Begun {
  readonly node: string;
  readonly firstLogin: { readonly user: string; readonly password: string };
  /** `isKept`: the data nodes renew by it, and the file goes when the cluster is whole. */
  readonly authority: { readonly keyFile: string; readonly sha256: string; readonly isKept: boolean };
  readonly tokens: readonly NewToken[];
}

/** What there is before anybody joins, of a cluster that goes on with restored data. */
export interface Prepared {
  /** Secrets that were there, below the state directory. */
  readonly given: readonly string[];
  readonly log?: string;
}
const NOTHING: Prepared = { given: [] };

/**
 * The first server's part of a new cluster: the authority, what all share, its own identity, and a token for each other member. Nothing of it
 * runs before all have joined.
 * @param prepare what must have been done before anybody can join, such as the restore of a backup; when it fails, all of this may be done again.
 * @throws YosugaraError ALREADY_EXISTS
 */
export function beginCluster(
  places: Places,
  plan: FirstPlan,
  nowMs = Date.now(),
  prepare: () => Promise<Prepared> = async () => NOTHING,
): Promise<Begun> {
  return inTurn(places, () => begin(places, plan, nowMs, prepare));
}

async function begin(places: Places, plan: FirstPlan, nowMs: number, prepare: () => Promise<Prepared>): Promise<Begun> {
  const made = [places.configFile, places.formingFile, places.waitingFile, places.authorityKey];
  for (const path of made)
    if (await isThere(path))
      throw new YosugaraError(
        'ALREADY_EXISTS',
        `${path} is there: this host is a member of a cluster already, or is becoming one`,
      );
  const { config, self } = plan;
  const authority = await newAuthority(config.cluster.id);
  const seed = newIdentitySeed();
  const shared = sharedSecrets();
  const isOutside = plan.authorityOutside === true;
  const key = await keyPem(authority.keys);
  const own = await ownFiles(authority, config, self, seed, isOutside ? undefined : lifeMsOf(config));
  // The other data nodes get it from this one's controller, as soon as they know each other by their identities.
  const kept = isOutside ? {} : { [CERTIFICATE_FILES.authorityKey]: key };
  const files = { ...shared.files, ...plan.secrets, ...own, ...kept };
  await writeState(places, files, true);
  const prepared = await prepare();
  await writePrivate(places.authorityCertificate, certificatePem(authority.certificate));
  await writePrivate(places.authorityKey, key);

  const members = config.cluster.members.map((member) => ({
    ...member,
    peerId: member.id === self ? peerIdOfSeed(seed) : PENDING_PEER,
  }));
  const empty: FormingState = {
    ...{
      version: 1,
      self,
      port: plan.joinPort,
      local: plan.local,
      given: [...Object.keys(plan.secrets), ...prepared.given],
      tokens: [],
      formed: [],
    },
    ...(prepared.log === undefined ? {} : { log: prepared.log }),
    config: { ...config, cluster: { ...config.cluster, members } },
  };
  const sha256 = authoritySha256(certificatePem(authority.certificate));
  const { state, tokens } = newTokens(empty, missingOf(empty.config), sha256, nowMs + plan.tokenMinutes * 60_000);
  // Last: its presence says that everything else is there.
  await writeForming(places, state);
  return {
    node: self,
    firstLogin: { user: FIRST_USER, password: shared.firstPassword },
    authority: { keyFile: places.authorityKey, sha256, isKept: !isOutside },
    tokens,
  };
}

/** Of certificates that the cluster renews itself. */
export const lifeMsOf = ({ cluster }: SharedConfig): number => cluster.certificates.lifeDays * DAY_MS;
const DAY_MS = 24 * 3_600_000;

async function ownFiles(
  authority: Authority,
  { cluster }: SharedConfig,
  self: string,
  seed: Buffer,
  lifeMs: number | undefined,
): Promise<Record<string, string>> {
  const { address } = cluster.members.find(({ id }) => id === self)!;
  const pem = await issueMember(authority, self, [address, ...(cluster.vip === undefined ? [] : [cluster.vip.address])], lifeMs);
  const { secrets } = STATE_LAYOUT;
  return {
    [secrets.identity]: seed.toString('base64'),
    [secrets.tlsKey]: pem.key,
    [secrets.tlsCert]: pem.certificate,
    [secrets.clusterCa]: certificatePem(authority.certificate),
  };
}

function newTokens(begin: FormingState, members: readonly string[], authority: string, untilMs: number) {
  let state = begin;
  const tokens = members.map((member): NewToken => {
    const made = withToken(state, { member, untilMs, authority });
    state = made.state;
    return { member, kind: made.token.kind, token: memberTokenText(made.token), until: new Date(untilMs).toISOString() };
  });
  return { state, tokens };
}

export interface MoreTokens {
  readonly member: string;
  readonly minutes: number;
  /** It joined before and lost its disk. */
  readonly again: boolean;
}

/** Another token for a member, on the first server. The service that answers joins reads its file anew for each question. */
export function anotherToken(places: Places, asked: MoreTokens, authority: string, nowMs = Date.now()): Promise<NewToken> {
  return inTurn(places, async () => {
    const known = await readForming(places);
    if (known === null) throw new YosugaraError('NOT_FORMING', 'no cluster is being formed from this host');
    refuseToken(known, asked);
    const { member, minutes } = asked;
    const { state, tokens } = newTokens(forgotten(known, member), [member], authoritySha256(authority), nowMs + minutes * 60_000);
    await writeForming(places, state);
    return tokens[0]!;
  });
}

function refuseToken({ config, self }: FormingState, { member, again }: MoreTokens): void {
  const planned = config.cluster.members.map(({ id }) => id).filter((id) => id !== self);
  if (!planned.includes(member)) throw new YosugaraError('USAGE', `${member} is none of ${planned.join(', ')}`);
  const missing = missingOf(config);
  if (missing.length === 0)
    throw new YosugaraError('REFUSED', 'all members have joined: `yosugara recover` brings a lost one back');
  if (!missing.includes(member) && !again)
    throw new YosugaraError('REFUSED', `${member} has joined; --again forgets that, for a host that lost its disk`);
}
