import { createHash, randomBytes } from 'node:crypto';
import {
  AgentListener,
  type AgentServing,
  type AgentsInside,
  type AgentTrouble,
  type ConnectedAgent,
  type JoinOutcome,
  type Renewed,
} from '@yosugara/connectors';
import { authoritySha256, issueAgent } from '@yosugara/connectors/pki';
import { type Clock, explain, InvalidInputError, type Log, YosugaraError } from '@yosugara/kernel';
import type { Result } from '@yosugara/operations';
import { type AgentsTrust, type JoinRequest, joinTokenOf, partsOfJoinToken } from '@yosugara/protocol';
import type { AgentDesk } from '@yosugara/runtime';
import type { SeenAgent, StoredToken } from '@yosugara/store';
import type { ManagerConfig } from '../config.js';
import type { Authority } from '../control/authority.js';
import { keeping } from '../http/commands.js';
import type { LiveSettings } from '../settings/live-settings.js';
import type { AuditEntry } from '../store/ports.js';
import { AuthorityBox, type SigningAuthority } from './agent-authority.js';
import { type AgentTables, JoinRefusedError, tokenRefused } from './agent-tables.js';
import { nodeOfAgent } from './node-of-agent.js';
import { AgentRegister, type KnownAgent } from './register.js';
import { ShownFiles } from './shown-files.js';
import { troubleResult } from './trouble.js';

/** A Standby looks so often whom it is to trust when it becomes the Master. */
const WARM_MS = 5_000;
const RETRY_MS = 200;
/** Files of this node's certificate are looked at so often. */
const FILES_MS = 2_000;
const SEEN_MS = 5_000;
/** Of the table of agents, in one statement. */
const MOST_SEEN = 5_000;
const SECRET_BYTES = 32;
/** Of those that are behind with something. */
const MOST_NAMED = 20;

export interface AgentsOptions {
  readonly config: ManagerConfig;
  readonly tables: AgentTables;
  readonly live: Pick<LiveSettings, 'snapshot' | 'refresh'>;
  readonly clock: Clock;
  readonly log: Log;
  /** A word about ourselves; resolves when it is stored. */
  readonly tell: (result: Result) => Promise<void>;
}

/** What whoever runs jobs needs to serve agents. */
export interface AgentService {
  readonly epoch: number;
  /** The lease is live. */
  readonly permitted: () => boolean;
  readonly desk: AgentDesk;
}

interface Work extends AgentService {
  isOver: boolean;
  authority: SigningAuthority | null;
  readonly seen: Map<string, SeenAgent>;
}

export interface NewToken extends Pick<StoredToken, 'description' | 'node' | 'scopes' | 'ownerRole' | 'expiresAt'> {
  readonly uses: number;
  readonly by: string;
}

export interface MadeToken {
  readonly number: number;
  readonly token: string;
}

/** Agents of this cluster, on this node: their listener, which is open always, and while it serves who they are. */
export class Agents {
  readonly links: AgentsInside;
  readonly register = new AgentRegister();
  readonly #o: AgentsOptions;
  readonly #files: ShownFiles;
  readonly #box: AuthorityBox;
  readonly #listener: AgentListener;
  #authority: Pick<Authority, 'now'> | null = null;
  #work: Work | null = null;
  #timer: NodeJS.Timeout | undefined;
  #looks: NodeJS.Timeout | undefined;
  #isStopped = false;
  readonly #toldAtMs = new Map<string, number>();

  private constructor(options: AgentsOptions, files: ShownFiles) {
    this.#o = options;
    this.#files = files;
    this.#box = new AuthorityBox(options.config.secrets.sessionKey);
    const { config, log } = options;
    this.#listener = new AgentListener({
      ...{ address: config.address, port: config.config.ports.agents, ...files.now, log },
      master: () => this.#authority?.now().master ?? null,
      onTrouble: (trouble) => this.#trouble(trouble),
    });
    this.links = this.#listener.links;
  }

  /** null = this node has no certificates: nobody could tell it from another one. */
  static async open(options: AgentsOptions): Promise<Agents | null> {
    try {
      return new Agents(options, new ShownFiles(options.config.stateDir, options.log));
    } catch (error) {
      options.log.warn('agents.noCertificate', { why: explain(error) });
      return null;
    }
  }

  start(authority: Pick<Authority, 'now'>): void {
    this.#authority = authority;
    this.#listener.open();
    this.#looks = setInterval(() => this.#look(), FILES_MS);
    void this.#warm();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    clearInterval(this.#looks);
    this.#end();
    this.#listener.close();
  }

  /** Lets agents in as soon as it is known who they are. @returns ends it: all of them are sent away. */
  serve(service: AgentService): () => void {
    this.#end();
    const work: Work = { ...service, isOver: false, authority: null, seen: new Map() };
    this.#work = work;
    void this.#begin(work);
    return () => {
      if (this.#work === work) this.#end();
    };
  }

  /** For which epoch agents are let in; null = for none. */
  get servesEpoch(): number | null {
    return this.#work?.authority == null ? null : this.#work.epoch;
  }

  /** Whom agents were told to trust, and who has not said that it does; null = this node serves none. */
  trust(): AgentsTrust | null {
    if (this.servesEpoch === null) return null;
    const authorities = [...this.#files.authorities];
    // Only while the authority is replaced does anybody want to know.
    const enrolled = authorities.length < 2 ? [] : this.register.all().filter(({ revokedAt }) => revokedAt === null);
    const behind = enrolled.filter(({ id }) => !this.links.isTrusting(id)).map(({ id }) => id);
    return { authorities, behind: behind.length, some: behind.slice(0, MOST_NAMED) };
  }

  /** Files that were renewed are shown from the next connection on. */
  #look(): void {
    if (this.#files.look()) this.#listener.show(this.#files.now);
  }

  /* ---------- Tokens and revocation: the Master's API ---------- */

  /** The token is told once: of it only a digest is kept. @param answerOf what is kept for whoever asks again under their key */
  async addToken(
    { description, node, scopes, ownerRole, expiresAt, uses, by }: NewToken,
    answerOf: (made: MadeToken) => object = (made) => made,
  ): Promise<MadeToken> {
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    const detail = { description, forNode: node, scopes, ownerRole, uses, expiresAt: expiresAt.toISOString() };
    const token = joinTokenOf(secret, authoritySha256(this.#files.now.clusterCa));
    const number = await this.#o.tables.addToken(
      { digest: digestOf(secret), description, node, scopes, ownerRole, usesLeft: uses, expiresAt, createdBy: by },
      this.#change(by, 'agent.token', detail),
      keeping((made) => answerOf({ number: made, token })),
    );
    return { number, token };
  }

  async tokens(limit: number, after: number | null = null): Promise<readonly StoredToken[]> {
    return await this.#o.tables.tokens(limit, after);
  }

  async removeToken(number: number, by: string): Promise<boolean> {
    return await this.#o.tables.removeToken(number, this.#change(by, 'agent.token.remove', { number }));
  }

  async revoke(agent: string, by: string): Promise<boolean> {
    const isDone = await this.#o.tables.revoke(agent, by, this.#change(by, 'agent.revoke', { agent }));
    if (isDone) {
      this.register.revoked(agent, by, new Date(this.#o.clock.wallMs()));
      this.links.turnOut(agent, `it was revoked by ${by}`);
    }
    return isDone;
  }

  /* ---------- While nobody is served ---------- */

  async #warm(): Promise<void> {
    if (this.#work === null) {
      try {
        this.#trust((await this.#o.tables.authorities()).map(({ certificate }) => certificate));
      } catch (error) {
        this.#o.log.debug('agents.notWarm', { why: explain(error) });
      }
    }
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.#warm(), WARM_MS);
  }

  #trust(authorities: readonly string[]): void {
    if (authorities.length > 0) this.#listener.trust(authorities);
  }

  /* ---------- While this node serves ---------- */

  async #begin(work: Work): Promise<void> {
    while (!work.isOver) {
      try {
        work.authority = await this.#prepare(work);
        break;
      } catch (error) {
        this.#o.log.warn('agents.notServing', { why: explain(error) });
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    if (work.isOver) return;
    this.#listener.serve(this.#servingOf(work));
    this.#o.log.info('agents.serving', { epoch: work.epoch, known: this.register.all().length });
    void this.#noteSeen(work);
  }

  /** Whoever reads it anew has what every Master before committed. */
  async #prepare(work: Work): Promise<SigningAuthority> {
    const { tables, config } = this.#o;
    this.register.load(await tables.agents());
    for (let attempt = 0; ; attempt++) {
      const stored = await tables.authorities();
      const opened = await Promise.all(stored.map(async (each) => await this.#box.open(each)));
      this.#trust(stored.map(({ certificate }) => certificate));
      const newest = opened.findLast((each) => each !== null);
      if (newest !== undefined && newest !== null) return newest;
      if (attempt > 0) throw new YosugaraError('NO_AUTHORITY', 'the authority of agents that was just made cannot be read');
      if (stored.length > 0) this.#o.log.warn('agents.otherKey', { authorities: stored.length });
      const made = await this.#box.make(config.config.cluster.id);
      await tables.addAuthority(made, this.#changeOf(work, 'yosugara', 'agent.authority', {}));
    }
  }

  #end(): void {
    const work = this.#work;
    this.#work = null;
    if (work !== null) work.isOver = true;
    this.#listener.unserve();
  }

  #servingOf(work: Work): AgentServing {
    const { live, clock } = this.#o;
    return {
      ...{ epoch: work.epoch, desk: work.desk, managers: this.managers },
      permitted: () => !work.isOver && work.permitted(),
      refusal: (agent, fingerprint) => this.register.refusal(agent, fingerprint, live.snapshot.nodes.has(agent)),
      join: async (request, address) => await this.#join(work, request, address),
      renew: async (agent, fingerprint, request) => await this.#renew(work, agent, fingerprint, request),
      onWelcome: (agent) => {
        const seen = seenOf(agent, clock.wallMs());
        this.register.saw(seen);
        work.seen.set(seen.id, seen);
      },
    };
  }

  get managers(): readonly { readonly host: string; readonly port: number }[] {
    const { cluster, ports } = this.#o.config.config;
    return cluster.members.filter(({ kind }) => kind === 'data').map(({ address }) => ({ host: address, port: ports.agents }));
  }

  async #join(work: Work, request: JoinRequest, address: string): Promise<JoinOutcome> {
    const { tables, live, log, clock, config } = this.#o;
    const { agent } = request;
    try {
      const secret = partsOfJoinToken(request.token)?.secret;
      // What is looked up is a digest: how long it takes says nothing of the secret.
      const digest = digestOf(secret ?? '');
      if (secret === undefined || !(await tables.isToken(digest))) throw tokenRefused();
      const { certificate, fingerprint, notAfter } = await issueAgent(work.authority!, agent, request.request, clock.wallMs());
      const entry = this.#entryOf(work, `agent:${agent}`, 'agent.join');
      const joined = await tables.join(
        digest,
        { id: agent, address, fingerprint, endsAt: notAfter },
        (token) => nodeOfAgent(request, address, token),
        {
          ...{ epoch: work.epoch, guard: guardOf(work) },
          entry: ({ token, isNewNode }) => ({
            ...entry,
            detail: { agent, address, token: token.number, tokenOf: token.createdBy, isNewNode },
          }),
        },
      );
      const joinedBy = `token ${joined.token.number}`;
      const known: KnownAgent = {
        ...{ id: agent, fingerprint, previous: null, endsAt: notAfter, joinedAt: new Date(clock.wallMs()), joinedBy },
        ...{ revokedAt: null, revokedBy: null, address },
      };
      this.register.put(known);
      this.links.turnOut(agent, 'another agent has joined in its place');
      if (joined.isNewNode) await live.refresh();
      log.info('agents.joined', { agent, from: address, token: joined.token.number, isNewNode: joined.isNewNode });
      return {
        kind: 'joined',
        answer: {
          ...{
            certificate,
            authority: this.#files.now.clusterCa,
            managers: [...this.managers],
            notAfter: notAfter.toISOString(),
          },
          isNewNode: joined.isNewNode,
        },
      };
    } catch (error) {
      log.warn('agents.joinRefused', { agent, from: address, why: explain(error), node: config.node });
      return refusalOf(error);
    }
  }

  async #renew(work: Work, agent: string, shown: string, request: string): Promise<Renewed> {
    const { tables, clock, log } = this.#o;
    const authority = this.#files.now.clusterCa;
    try {
      const { certificate, fingerprint, notAfter } = await issueAgent(work.authority!, agent, request, clock.wallMs());
      const next = { fingerprint, endsAt: notAfter };
      const detail = { agent, until: notAfter.toISOString() };
      const isDone = await tables.renew(agent, shown, next, this.#changeOf(work, `agent:${agent}`, 'agent.renew', detail));
      if (!isDone) return { certificate: null, authority, why: 'the certificate that it came with is none of its own any more' };
      this.register.renewed(agent, shown, next);
      return { certificate, authority, why: '' };
    } catch (error) {
      log.warn('agents.notRenewed', { agent, why: explain(error) });
      return { certificate: null, authority, why: explain(error).slice(0, 1_024) };
    }
  }

  /* ---------- What agents said of themselves, now and then ---------- */

  /** Nobody waits for it, and what of it is lost is only when an agent came last. */
  async #noteSeen(work: Work): Promise<void> {
    while (!work.isOver) {
      await new Promise((resolve) => setTimeout(resolve, SEEN_MS));
      const some = [...work.seen.values()].slice(0, MOST_SEEN);
      if (work.isOver || some.length === 0) continue;
      for (const { id } of some) work.seen.delete(id);
      try {
        await this.#o.tables.saw(some, work.epoch, guardOf(work));
      } catch (error) {
        this.#o.log.debug('agents.notNoted', { why: explain(error) });
      }
    }
  }

  #trouble(trouble: AgentTrouble): void {
    const { clock, log, tell } = this.#o;
    const nowMs = clock.wallMs();
    const result = troubleResult(trouble, nowMs, this.#toldAtMs);
    if (result === null || this.#work === null) return;
    tell(result).catch((error: unknown) => log.warn('agents.notTold', { code: trouble.code, why: explain(error) }));
  }

  /* ---------- Changes ---------- */

  #change(by: string, action: string, detail: AuditEntry['detail']) {
    const work = this.#work;
    if (work === null || !work.permitted()) throw new YosugaraError('NOT_SERVING', 'agents are not served by this node just now');
    return this.#changeOf(work, by, action, detail);
  }

  #changeOf(work: Work, by: string, action: string, detail: AuditEntry['detail']) {
    return { entry: { ...this.#entryOf(work, by, action), detail }, guard: guardOf(work) };
  }

  #entryOf = ({ epoch }: Work, login: string, action: string) => ({ login, action, node: this.#o.config.node, epoch });
}

const seenOf = ({ agent, address, fingerprint, hello }: ConnectedAgent, atMs: number): SeenAgent => {
  const { version, spool, hostName, platform, os } = hello;
  return { id: agent, address, atMs, fingerprint, seen: { version, spool, hostName, platform, os } };
};

const digestOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

const guardOf = (work: Work) => () => {
  if (work.isOver || !work.permitted()) throw new YosugaraError('NOT_SERVING', 'this node is no Master any more');
};

function refusalOf(error: unknown): JoinOutcome {
  if (error instanceof JoinRefusedError)
    return { kind: 'refused', status: error.status, code: error.code, message: error.message };
  if (error instanceof InvalidInputError) return { kind: 'refused', status: 400, code: error.code, message: error.message };
  return { kind: 'refused', status: 503, code: 'BUSY', message: 'it cannot be stored just now: try again in some seconds' };
}
