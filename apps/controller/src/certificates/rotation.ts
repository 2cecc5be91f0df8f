import type { MemberCertificates } from '@yosugara/protocol';

/** A member as the cluster's configuration has it; revoked ones are not among them. */
export interface Asked {
  readonly id: string;
  readonly kind: string;
  /** null: it did not answer. */
  readonly state: MemberCertificates | null;
}

export interface RotationWish {
  /** A new authority is made where none is on its way. */
  readonly begin: boolean;
  readonly leaveAgents: boolean;
}

export type RotationStep =
  | { readonly kind: 'make' }
  | { readonly kind: 'hold' | 'trust' | 'issue' | 'drop'; readonly members: readonly string[] }
  | { readonly kind: 'wait'; readonly why: string }
  /** `elsewhere`: another data node may go on. */
  | { readonly kind: 'refused'; readonly why: string; readonly elsewhere?: true }
  | { readonly kind: 'done' };

const refused = (why: string): RotationStep => ({ kind: 'refused', why });
const elsewhere = (why: string): RotationStep => ({ kind: 'refused', why, elsewhere: true });
const wait = (why: string): RotationStep => ({ kind: 'wait', why });
const trusts = (state: MemberCertificates | null, authority: string): boolean =>
  state?.authorities.some(({ sha256 }) => sha256 === authority) === true;

/**
 * The next step of replacing the cluster's authority, from what all members say now: nothing remembers what was done before, so whoever asks
 * again goes on. All trust the old one and the new one → all have certificates of the new one → all trust the new one only. A step is taken only
 * when everybody has said that the one before is done; of two members that cannot understand each other there is never one moment.
 */
export function rotationStep(self: string, members: readonly Asked[], wish: RotationWish): RotationStep {
  const own = members.find(({ id }) => id === self);
  if (own?.state == null || own.kind !== 'data') return elsewhere(`${self} is no data node: ask on one`);
  const silent = members.filter(({ state }) => state === null).map(({ id }) => id);
  if (silent.length > 0)
    return refused(`${silent.join(', ')} did not answer: nothing goes on before all members do. Bring it back, or revoke it`);
  const { next } = own.state;
  if (next !== null) return introduce(self, members, next, wish);
  const begun = members.find(({ id, state }) => id !== self && state!.next !== null);
  const first = own.state.authorities[0]?.sha256;
  // Whoever keeps the next one has yet to issue: where that is another data node, it was interrupted at its own.
  if (begun !== undefined && own.state.signs !== begun.state!.next)
    return elsewhere(`a new authority was made on ${begun.id} and is not here: go on there`);
  const several = members.filter(({ state }) => state!.authorities.length > 1 || state!.authorities[0]?.sha256 !== first);
  if (several.length > 0 || begun !== undefined) return finish(members, own.state.signs, first ?? null);
  return wish.begin ? { kind: 'make' } : { kind: 'done' };
}

/** The new one is known here: make it known to all, then have it sign; this node last, since until then it knows what is on its way. */
function introduce(self: string, members: readonly Asked[], next: string, { leaveAgents }: RotationWish): RotationStep {
  const has = ({ state }: Asked) => state!.next === next || state!.signs === next;
  const hold = members.filter((member) => member.kind === 'data' && !has(member));
  if (hold.length > 0) return { kind: 'hold', members: hold.map(({ id }) => id) };
  const trust = members.filter(({ state }) => !trusts(state, next));
  if (trust.length > 0) return { kind: 'trust', members: trust.map(({ id }) => id) };
  const behind = leaveAgents ? null : agentsBehind(members, next);
  if (behind !== null) return wait(behind);
  const isIssued = ({ state }: Asked) => state!.certificate?.issuer === next && state!.authorities[0]?.sha256 === next;
  const issue = members.filter((member) => !isIssued(member)).map(({ id }) => id);
  const others = issue.filter((id) => id !== self);
  return { kind: 'issue', members: others.length > 0 ? others : [self] };
}

function finish(members: readonly Asked[], signs: string | null, first: string | null): RotationStep {
  if (first === null || signs !== first)
    return elsewhere('this node does not keep the key of the authority that signs: go on on the other data node');
  const issue = members.filter(
    ({ state }) => state!.certificate?.issuer !== first || state!.authorities[0]?.sha256 !== first || state!.next !== null,
  );
  if (issue.length > 0) return { kind: 'issue', members: issue.map(({ id }) => id) };
  return { kind: 'drop', members: members.filter(({ state }) => state!.authorities.length > 1).map(({ id }) => id) };
}

/** null: all agents have said that they trust it. */
function agentsBehind(members: readonly Asked[], next: string): string | null {
  const told = members.flatMap(({ state }) => (state!.agents === null ? [] : [state!.agents]));
  if (told.length === 0) return 'no Master serves agents just now, and nobody else knows whom they trust';
  const [agents] = told;
  if (!agents!.authorities.includes(next)) return 'the Master has yet to tell the agents of the new authority';
  if (agents!.behind === 0) return null;
  const some = agents!.some.join(', ');
  return `${agents!.behind} agents have not said that they trust the new authority: ${some}${agents!.behind > agents!.some.length ? ', …' : ''}`;
}
