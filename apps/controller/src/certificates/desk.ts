import { readFile } from 'node:fs/promises';
import { explain, nodeId, YosugaraError } from '@yosugara/kernel';
import {
  type CertificatesAnswer,
  type MemberCertificates,
  type Revocation,
  type RotationAnswer,
  revokedMembers,
} from '@yosugara/protocol';
import { type CertificateKeeper, RENEW_AT } from './keeper.js';
import type { Maker } from './maker.js';
import type { CertificateQuestion } from './messages.js';
import { bundleOf, certificatesIn, type Own, signerOf } from './own-files.js';
import { type Asked, type RotationStep, type RotationWish, rotationStep } from './rotation.js';

const DONE: Record<'hold' | 'trust' | 'issue' | 'drop', RotationAnswer['step']> = {
  hold: 'held',
  trust: 'trusted',
  issue: 'issued',
  drop: 'dropped',
};
const SAYS = {
  hold: 'keeps the key of the new authority',
  trust: 'trusts the old and the new authority',
  issue: 'shows a certificate of the new authority',
  drop: 'trusts the new authority only',
} as const;

export interface DeskOptions {
  readonly node: string;
  readonly clusterId: string;
  readonly keeper: CertificateKeeper;
  readonly maker: Maker;
  readonly wallMs: () => number;
}

/** What operators ask about certificates, carried out at all members. One thing at a time. */
export class CertificateDesk {
  readonly #o: DeskOptions;
  #isBusy = false;

  constructor(options: DeskOptions) {
    this.#o = options;
  }

  async list(): Promise<CertificatesAnswer> {
    const { keeper, node } = this.#o;
    const { revoked } = await keeper.files.read();
    const out = revokedMembers(keeper.members, revoked);
    const members = await Promise.all(
      keeper.members.map(async ({ id, kind }) => {
        const isRevoked = out.has(id);
        if (isRevoked && id !== node) return { member: id, kind, state: null, why: 'it is revoked', isRevoked };
        try {
          return { member: id, kind, state: await this.#stateOf(id), why: null, isRevoked };
        } catch (error) {
          return { member: id, kind, state: null, why: explain(error), isRevoked };
        }
      }),
    );
    return { answeredBy: node, renewAt: RENEW_AT, members };
  }

  #demandData(): void {
    const { keeper, node } = this.#o;
    if (keeper.members.find(({ id }) => id === node)?.kind !== 'data')
      throw new YosugaraError('UNAVAILABLE', `${node} is no data node: ask on one`);
  }

  async renew(member?: string): Promise<CertificatesAnswer> {
    return await this.#alone(async () => {
      const { keeper } = this.#o;
      this.#demandData();
      if (member !== undefined && !keeper.members.some(({ id }) => id === member))
        throw new YosugaraError('UNKNOWN_NODE', `${member} is no member of this cluster`);
      // One after the other: never are all on their way at the same moment.
      for (const id of await this.#trusted()) if (member === undefined || member === id) await this.#tell(id, { ask: 'renew' });
      return await this.list();
    });
  }

  /** The key is that of the authority that signs; all data nodes have it from now on. */
  async keep(keyFile: string): Promise<CertificatesAnswer> {
    return await this.#alone(async () => {
      const { keeper } = this.#o;
      const own = await keeper.files.read();
      this.#demandData();
      const pair = signerOf(own.authorities.slice(0, 1), await readFile(keyFile, 'utf8'));
      if (pair === undefined)
        throw new YosugaraError('BAD_AUTHORITY', `${keyFile} is not the key of the authority that signs here`);
      const trusted = await this.#trusted();
      for (const { id, kind } of keeper.members)
        if (kind === 'data' && trusted.includes(id)) await this.#tell(id, { ask: 'keep', as: 'now', pair });
      return await this.list();
    });
  }

  async revoke(member: string, by: string): Promise<CertificatesAnswer> {
    return await this.#alone(async () => {
      const { keeper, node, wallMs } = this.#o;
      const found = keeper.members.find(({ id }) => id === member);
      if (found === undefined) throw new YosugaraError('UNKNOWN_NODE', `${member} is no member of this cluster`);
      if (member === node) throw new YosugaraError('UNAVAILABLE', 'a member does not revoke itself: ask on another one');
      this.#demandData();
      const made: Revocation = { node: member, peerId: found.peerId, at: new Date(wallMs()).toISOString(), by };
      await this.#tell(node, { ask: 'revoke', revoked: [made] });
      await this.spread();
      return await this.list();
    });
  }

  /** Who did not hear of a revocation hears of it now. @returns those that could not be told */
  async spread(): Promise<readonly string[]> {
    const { keeper, node } = this.#o;
    const { revoked } = await keeper.files.read();
    const silent: string[] = [];
    if (revoked.length === 0) return silent;
    await Promise.all(
      (await this.#trusted()).map(async (id) => {
        if (id === node) return;
        await this.#tell(id, { ask: 'revoke', revoked: [...revoked] }).catch(() => silent.push(id));
      }),
    );
    return silent;
  }

  /**
   * A data node that has lost the authority's key, or never had it, gets it from one that signs: what one was given is kept by all of them. One
   * that trusts others just now refuses it, and is asked again.
   * @returns who has it now
   */
  async handOn({ members }: CertificatesAnswer): Promise<readonly string[]> {
    const { keeper, node } = this.#o;
    const { signs } = await keeper.files.read();
    if (signs === null) return [];
    const given: string[] = [];
    for (const { member, kind, state, isRevoked } of members) {
      if (member === node || kind !== 'data' || isRevoked || state === null || state.signs !== null) continue;
      await this.#tell(member, { ask: 'keep', as: 'now', pair: signs }).then(
        () => given.push(member),
        () => undefined,
      );
    }
    return given;
  }

  /** One step further. Whoever asks until it is done goes on where anybody left off. */
  async rotate(wish: RotationWish): Promise<RotationAnswer> {
    return await this.#alone(async () => await this.#take(await this.#step(wish)));
  }

  /** @param mayIssue of the moment in which the new one was made. */
  async rotateByItself(mayIssue: (own: Own) => boolean): Promise<RotationAnswer> {
    return await this.#alone(async () => {
      const step = await this.#step({ begin: true, leaveAgents: false });
      const own = await this.#o.keeper.files.read();
      if (step.kind === 'issue' && own.next !== null && !mayIssue(own))
        return {
          step: 'agents',
          says: 'the new authority is trusted by all; nothing is signed by it before its overlap is over',
        };
      return await this.#take(step);
    });
  }

  async #step(wish: RotationWish): Promise<RotationStep> {
    const { members } = await this.list();
    const asked = members.flatMap(({ member, kind, state, isRevoked }): Asked[] =>
      isRevoked ? [] : [{ id: member, kind, state }],
    );
    return rotationStep(this.#o.node, asked, wish);
  }

  async #take(step: RotationStep): Promise<RotationAnswer> {
    const { keeper, maker, clusterId, node } = this.#o;
    if (step.kind === 'refused') throw new YosugaraError(step.elsewhere === true ? 'UNAVAILABLE' : 'REFUSED', step.why);
    if (step.kind === 'wait') return { step: 'agents', says: step.why };
    if (step.kind === 'done') return { step: 'done', says: 'all members trust the authority that signs, and no other' };
    if (step.kind === 'make') {
      await this.#tell(node, { ask: 'keep', as: 'next', pair: await maker.authority(clusterId) });
      return { step: 'made', says: `a new authority was made on ${node}` };
    }
    const question = questionOf(step.kind, await keeper.files.read());
    for (const id of step.members) await this.#tell(id, question);
    return { step: DONE[step.kind], says: `${step.members.join(', ')}: ${SAYS[step.kind]}` };
  }

  async #trusted(): Promise<readonly string[]> {
    const { keeper } = this.#o;
    const out = revokedMembers(keeper.members, (await keeper.files.read()).revoked);
    return keeper.members.map(({ id }) => id).filter((id) => !out.has(id));
  }

  async #stateOf(id: string): Promise<MemberCertificates> {
    return await this.#tell(id, { ask: 'state' });
  }

  async #tell(id: string, question: CertificateQuestion): Promise<MemberCertificates> {
    const answer = await this.#o.keeper.tell(nodeId(id), question);
    if (answer.kind === 'state') return answer.state;
    throw new YosugaraError('REFUSED', `${id}: ${answer.kind === 'refused' ? answer.why : 'it answered something else'}`);
  }

  async #alone<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#isBusy) throw new YosugaraError('BUSY', 'certificates are being changed from here just now: ask again');
    this.#isBusy = true;
    try {
      return await work();
    } finally {
      this.#isBusy = false;
    }
  }
}

function questionOf(kind: 'hold' | 'trust' | 'issue' | 'drop', own: Own): CertificateQuestion {
  const [first] = own.authorities;
  const next = own.next === null ? first : certificatesIn(own.next.certificate)[0];
  if (first === undefined || next === undefined) throw new YosugaraError('NO_AUTHORITY', 'this member has no authority');
  const others = own.authorities.filter((each) => each.fingerprint256 !== next.fingerprint256);
  if (kind === 'hold') {
    if (own.next === null) throw new YosugaraError('NO_AUTHORITY', 'no new authority is on its way here');
    return { ask: 'keep', as: 'next', pair: own.next };
  }
  if (kind === 'trust') return { ask: 'trust', authorities: bundleOf([...others, next]) };
  if (kind === 'issue') return { ask: 'issue', authorities: bundleOf([next, ...others]) };
  return { ask: 'trust', authorities: bundleOf([next]) };
}
