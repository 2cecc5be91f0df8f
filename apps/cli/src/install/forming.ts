import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type FormingState, type MemberJoin, type MemberToken, PENDING_PEER, type SharedConfig } from '@yosugara/protocol';

/** How a cluster comes together, without a clock, a disk or a wire: every answer is of the state and of what was asked. */

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url');

export const missingOf = (config: SharedConfig): readonly string[] =>
  config.cluster.members.filter(({ peerId }) => peerId === PENDING_PEER).map(({ id }) => id);

/** The configuration with all peer ids; null while somebody is missing. */
export const wholeOf = (config: SharedConfig): SharedConfig | null => (missingOf(config).length === 0 ? config : null);

/** Who still has not the whole configuration on its disk. */
export const unformedOf = (state: FormingState): readonly string[] =>
  state.config.cluster.members.map(({ id }) => id).filter((id) => id !== state.self && !state.formed.includes(id));

/** A token for a member that is missing; one that was made before is good for nothing from now on. */
export function withToken(
  state: FormingState,
  { member, untilMs, authority }: { readonly member: string; readonly untilMs: number; readonly authority: string },
): { readonly state: FormingState; readonly token: MemberToken } {
  const secret = randomBytes(32).toString('base64url');
  const { address } = state.config.cluster.members.find(({ id }) => id === state.self)!;
  const { kind } = state.config.cluster.members.find(({ id }) => id === member)!;
  const others = state.tokens.filter((token) => token.member !== member);
  return {
    state: { ...state, tokens: [...others, { member, digest: sha256(secret), untilMs, usedBy: null }] },
    token: { address, port: state.port, member, kind, authority, secret, untilS: Math.floor(untilMs / 1000) },
  };
}

export type Admission =
  | { readonly kind: 'admitted'; readonly state: FormingState; readonly again: boolean }
  | {
      readonly kind: 'refused';
      readonly code: 'TOKEN_UNKNOWN' | 'TOKEN_EXPIRED' | 'TOKEN_USED' | 'IDENTITY_KNOWN';
      readonly why: string;
    };

const refused = (code: (Admission & { kind: 'refused' })['code'], why: string): Admission => ({ kind: 'refused', code, why });

/** What is wrong with a secret is not said to who does not have it. */
export function admit(state: FormingState, asked: MemberJoin, nowMs: number): Admission {
  const digest = sha256(asked.secret);
  const token = state.tokens.find(({ member, digest: known }) => member === asked.member && isSame(known, digest));
  if (token === undefined) return refused('TOKEN_UNKNOWN', 'the token is not good here');
  const member = state.config.cluster.members.find(({ id }) => id === asked.member)!;
  const usedBy = { peerId: asked.peerId, request: sha256(asked.request) };
  if (token.usedBy !== null)
    return token.usedBy.peerId === usedBy.peerId && token.usedBy.request === usedBy.request
      ? { kind: 'admitted', state, again: true }
      : refused('TOKEN_USED', `the token of ${asked.member} was used by another host or another attempt`);
  if (nowMs >= token.untilMs) return refused('TOKEN_EXPIRED', `the token of ${asked.member} has expired`);
  if (state.config.cluster.members.some(({ id, peerId }) => id !== member.id && peerId === asked.peerId))
    return refused('IDENTITY_KNOWN', 'another member has this identity: a copied folder');
  return {
    kind: 'admitted',
    again: false,
    state: {
      ...state,
      config: withPeer(state.config, asked.member, asked.peerId),
      tokens: state.tokens.map((each) => (each === token ? { ...each, usedBy } : each)),
    },
  };
}

/** That member can join once more, as after its disk was lost; only while the cluster is not whole, since nobody begins before. */
export const forgotten = (state: FormingState, member: string): FormingState => ({
  ...state,
  config: withPeer(state.config, member, PENDING_PEER),
  tokens: state.tokens.filter((token) => token.member !== member),
});

const withPeer = (config: SharedConfig, member: string, peerId: string): SharedConfig => ({
  ...config,
  cluster: {
    ...config.cluster,
    members: config.cluster.members.map((each) => (each.id === member ? { ...each, peerId } : each)),
  },
});

const isSame = (a: string, b: string) => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
