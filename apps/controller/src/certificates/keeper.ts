import { createPrivateKey } from 'node:crypto';
import { explain, type Log, type NodeId, nodeId, YosugaraError } from '@yosugara/kernel';
import { type AgentsTrust, type MemberCertificates, type NodeConfig, type Revocation, revokedMembers } from '@yosugara/protocol';
import type { MemberMailbox } from '@yosugara/transport';
import type { Maker, Pair } from './maker.js';
import {
  type CertificateAnswer,
  CertificateAnswerSchema,
  type CertificateQuestion,
  CertificateQuestionSchema,
} from './messages.js';
import { bundleOf, certificatesIn, idOf, isSignedBy, type Own, OwnFiles, sha256Of, stateOf } from './own-files.js';

const DAY_MS = 24 * 3_600_000;
/** Of the life of a certificate, and of an authority. */
export const RENEW_AT = 2 / 3;
/** One that makes a key, or asks another member for a signature, takes a while on a busy host. */
export const ASK_MS = 60_000;
/** The old one, the new one, and one that a change which was broken off left. */
const MOST_AUTHORITIES = 3;

export interface KeeperOptions {
  readonly config: NodeConfig;
  readonly mailbox: Pick<MemberMailbox, 'ask' | 'onAsk' | 'banish'>;
  readonly maker: Maker;
  readonly log: Log;
  readonly wallMs: () => number;
  /** Key, certificate or authorities are others now, or members were revoked: what has copies takes them up. */
  readonly onChange: (own: Own, revoked: ReadonlySet<string>) => Promise<void>;
  /** Of the Master's manager; null elsewhere. */
  readonly agents: () => AgentsTrust | null;
}

/** A member's certificates: renewed before they end, shown to the others, and changed when a data node says so. */
export class CertificateKeeper {
  readonly files: OwnFiles;
  readonly #o: KeeperOptions;
  /** What changes files goes one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #trouble: string | null = null;

  constructor(options: KeeperOptions) {
    this.#o = options;
    this.files = new OwnFiles(options.config.stateDir);
  }

  /** Before anybody is connected: who was revoked stays out. */
  async start(): Promise<void> {
    await this.files.mendPair();
    this.#banish((await this.files.read()).revoked);
    this.#o.mailbox.onAsk(async (from, question) => Buffer.from(JSON.stringify(await this.#answer(from, question))));
  }

  get members(): NodeConfig['cluster']['members'] {
    return this.#o.config.cluster.members;
  }

  /** Names have other identities now: whoever was revoked under the old one is a member again. */
  async identitiesChanged(): Promise<void> {
    await this.#inTurn(async () => {
      this.#banish((await this.files.read()).revoked);
      await this.#changed();
    });
  }

  async state(): Promise<MemberCertificates> {
    return stateOf(this.#o.config.node, await this.files.read(), this.#trouble, this.#o.agents());
  }

  /** Renews what is due. What hinders it is told by `state`. */
  async look(): Promise<void> {
    try {
      const own = await this.files.read();
      if (own.authorities.length > 0 && isDue(own, this.#o.wallMs())) await this.renew();
      this.#trouble = null;
    } catch (error) {
      const why = explain(error);
      if (why !== this.#trouble) this.#o.log.warn('certificates.notRenewed', { why });
      this.#trouble = why;
    }
  }

  /** A new key, and a certificate of the authority that signs now. @throws YosugaraError — nobody signs it. */
  async renew(): Promise<void> {
    await this.#inTurn(async () => await this.#renew(await this.files.read()));
  }

  /** @throws YosugaraError — nobody who could be asked has that authority's key. */
  async #renew(own: Own): Promise<void> {
    const { config, maker, log } = this.#o;
    const [authority] = own.authorities;
    if (authority === undefined) throw new YosugaraError('NO_AUTHORITY', 'this member has no authority to be signed by');
    const { key, request } = await maker.request(config.node);
    const certificate = await this.#signed(own, sha256Of(authority), request);
    const [made] = certificatesIn(certificate);
    if (made === undefined || !made.checkPrivateKey(createPrivateKey(key)) || !isSignedBy(made, authority))
      throw new YosugaraError('BAD_CERTIFICATE', 'what was signed is no certificate of this key by that authority');
    await this.files.writePair({ key, certificate });
    log.info('certificates.renewed', { until: made.validTo, sha256: sha256Of(made) });
    await this.#changed();
  }

  async #signed(own: Own, authority: string, request: string): Promise<string> {
    const { config } = this.#o;
    const kept = signerFor(own, authority);
    if (kept !== null) return await this.sign(kept, nodeId(config.node), request);
    const revoked = revokedMembers(this.members, own.revoked);
    const why: string[] = [];
    for (const { id, kind } of this.members) {
      if (kind !== 'data' || id === config.node || revoked.has(id)) continue;
      try {
        const answer = await this.tell(nodeId(id), { ask: 'sign', request, authority });
        if (answer.kind === 'signed') return answer.certificate;
        if (answer.kind === 'refused') why.push(`${id}: ${answer.why}`);
      } catch (error) {
        why.push(`${id}: ${explain(error)}`);
      }
    }
    throw new YosugaraError(
      'NOBODY_SIGNS',
      `no data node that could be asked keeps the authority's key (${why.join('; ')}): "yosugara certificates keep" gives it back to them, "rotate-ca" makes a new one`,
    );
  }

  async sign(authority: Pair, member: NodeId, request: string): Promise<string> {
    const { cluster } = this.#o.config;
    const { kind, address } = cluster.members.find(({ id }) => id === member)!;
    const vip = kind === 'witness' || cluster.vip === undefined ? [] : [cluster.vip.address];
    const lifeMs = cluster.certificates.lifeDays * DAY_MS;
    return await this.#o.maker.sign({ authority, request, member, addresses: [address, ...vip], lifeMs });
  }

  /** @throws MemberCallError; YosugaraError REFUSED — it said no. */
  async tell(member: NodeId, question: CertificateQuestion): Promise<CertificateAnswer> {
    if (member === this.#o.config.node) return await this.#do(nodeId(this.#o.config.node), question);
    const answer = await this.#o.mailbox.ask(member, Buffer.from(JSON.stringify(question)), ASK_MS);
    return CertificateAnswerSchema.parse(JSON.parse(Buffer.from(answer).toString('utf8')));
  }

  async #answer(from: NodeId, bytes: Uint8Array): Promise<CertificateAnswer> {
    try {
      const question = CertificateQuestionSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
      const isFree = question.ask === 'state' || question.ask === 'sign';
      const kind = this.members.find(({ id }) => id === from)?.kind;
      if (!isFree && kind !== 'data') return { kind: 'refused', why: `${from} is no data node` };
      return await this.#do(from, question);
    } catch (error) {
      this.#o.log.warn('certificates.notAnswered', { from, why: explain(error) });
      return { kind: 'refused', why: explain(error).slice(0, 2_000) };
    }
  }

  async #do(from: NodeId, question: CertificateQuestion): Promise<CertificateAnswer> {
    if (question.ask === 'sign') return await this.#signFor(from, question);
    if (question.ask !== 'state') await this.#inTurn(async () => await this.#change(question));
    return { kind: 'state', state: await this.state() };
  }

  async #signFor(
    from: NodeId,
    { authority, request }: Extract<CertificateQuestion, { ask: 'sign' }>,
  ): Promise<CertificateAnswer> {
    const kept = signerFor(await this.files.read(), authority);
    if (kept === null) return { kind: 'refused', why: 'this node does not keep that key' };
    this.#o.log.info('certificates.signed', { for: from });
    return { kind: 'signed', certificate: await this.sign(kept, from, request) };
  }

  async #change(question: Exclude<CertificateQuestion, { ask: 'state' | 'sign' }>): Promise<void> {
    const own = await this.files.read();
    switch (question.ask) {
      case 'renew':
        return await this.#renew(own);
      case 'trust':
        return await this.#trust(own, question.authorities);
      case 'keep':
        return await this.#keep(own, question.as, question.pair);
      case 'issue':
        return await this.#issue(own, question.authorities);
      case 'revoke':
        return await this.#revoke(own, question.revoked);
    }
  }

  async #trust(own: Own, pem: string): Promise<void> {
    const authorities = certificatesIn(pem);
    const isBad = authorities.length === 0 || authorities.length > MOST_AUTHORITIES || authorities.some(({ ca }) => !ca);
    if (isBad) throw new YosugaraError('BAD_AUTHORITY', `one to ${MOST_AUTHORITIES} authorities are needed`);
    const { certificate } = own;
    // Whoever drops the authority of what it shows itself would be nobody to all others.
    if (certificate !== null && !authorities.some((each) => isSignedBy(certificate, each)))
      throw new YosugaraError('STILL_NEEDED', 'the certificate that this member shows is of none of these authorities');
    await this.files.writeAuthorities(bundleOf(authorities));
    this.#o.log.info('certificates.trusted', { authorities: authorities.map(sha256Of) });
    await this.#changed();
  }

  async #keep(own: Own, as: 'now' | 'next', pair: Pair): Promise<void> {
    if (this.members.find(({ id }) => id === this.#o.config.node)?.kind !== 'data')
      throw new YosugaraError('NO_DATA_NODE', 'only data nodes keep the key of the authority');
    const [authority] = certificatesIn(pair.certificate);
    if (authority?.ca !== true || !authority.checkPrivateKey(createPrivateKey(pair.key)))
      throw new YosugaraError('BAD_AUTHORITY', 'the key is not that of the authority');
    if (as === 'next') return await this.files.writeNext(pair);
    if (own.authorities[0] === undefined || sha256Of(own.authorities[0]) !== sha256Of(authority))
      throw new YosugaraError('BAD_AUTHORITY', 'it is not the authority that signs here');
    await this.files.writeAuthorityKey(pair.key);
  }

  /** Repeated after a crash at any line it ends the same. */
  async #issue(own: Own, pem: string): Promise<void> {
    const authorities = certificatesIn(pem);
    const [first] = authorities;
    if (first === undefined) throw new YosugaraError('BAD_AUTHORITY', 'one to three authorities are needed');
    await this.#trust(own, pem);
    if (own.next !== null && idOf(own.next) === sha256Of(first)) await this.files.writeAuthorityKey(own.next.key);
    const now = await this.files.read();
    if (now.certificate === null || !isSignedBy(now.certificate, first)) await this.#renew(now);
    await this.files.removeNext();
  }

  async #revoke(own: Own, more: readonly Revocation[]): Promise<void> {
    const isKnown = ({ node, peerId }: Revocation) => own.revoked.some((each) => each.node === node && each.peerId === peerId);
    const added = more.filter((each) => !isKnown(each));
    if (added.length === 0) return;
    const revoked = [...own.revoked, ...added];
    await this.files.writeRevoked(revoked);
    for (const { node, by } of added) this.#o.log.warn('certificates.revoked', { node, by });
    this.#banish(revoked);
    await this.#changed();
  }

  #banish(revoked: readonly Revocation[]): void {
    const out = revokedMembers(this.members, revoked);
    this.#o.mailbox.banish(new Set([...out].filter((id) => id !== this.#o.config.node).map(nodeId)));
  }

  /** What has copies of these files may fail to take them: it is told, and the files stay. */
  async #changed(): Promise<void> {
    const own = await this.files.read();
    await this.#o.onChange(own, revokedMembers(this.members, own.revoked)).catch((error: unknown) => {
      this.#o.log.error('certificates.notTakenUp', { why: explain(error) });
    });
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.catch(() => undefined).then(work);
    this.#turn = result;
    return result;
  }
}

const signerFor = (own: Own, authority: string): Pair | null =>
  [own.signs, own.next].find((each) => idOf(each) === authority) ?? null;

/** Two thirds of a life are over. */
export const isOld = ({ validFromDate, validToDate }: { validFromDate: Date; validToDate: Date }, nowMs: number): boolean =>
  nowMs >= validFromDate.getTime() + RENEW_AT * (validToDate.getTime() - validFromDate.getTime());

function isDue({ certificate, authorities }: Own, nowMs: number): boolean {
  return certificate === null || isOld(certificate, nowMs) || !authorities.some((each) => isSignedBy(certificate, each));
}
