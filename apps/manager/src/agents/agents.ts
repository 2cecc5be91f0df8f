import { AgentListener, type AgentServing, type AgentsInside, type AgentTrouble } from '@yosugara/connectors';
import { authoritySha256 } from '@yosugara/connectors/pki';
import { type Clock, explain, type Log, YosugaraError } from '@yosugara/kernel';
import type { Result } from '@yosugara/operations';
import { type AgentsTrust, type InventoryCollected, joinTokenOf } from '@yosugara/protocol';
import type { StoredToken } from '@yosugara/store';
import type { ManagerConfig } from '../config.js';
import type { Authority } from '../control/authority.js';
import { keeping } from '../http/commands.js';
import { InventoryKeeper } from '../inventory/inventory-keeper.js';
import type { InventoryTables } from '../inventory/inventory-tables.js';
import type { LiveSettings } from '../settings/live-settings.js';
import type { AuditEntry } from '../store/ports.js';
import { AuthorityBox, type SigningAuthority, signingAuthority } from './agent-authority.js';
import type { AgentTables } from './agent-tables.js';
import { type AgentService, AgentWork } from './agent-work.js';
import { Enrolment } from './enrolment.js';
import { type MadeToken, type NewToken, newSecret } from './join-tokens.js';
import { AgentRegister } from './register.js';
import { SeenAgents } from './seen-agents.js';
import { ShownFiles } from './shown-files.js';
import { troubleResult } from './trouble.js';

/** A Standby looks so often whom it is to trust when it becomes the Master. */
const WARM_MS = 5_000;
const RETRY_MS = 200;
/** Files of this node's certificate are looked at so often. */
const FILES_MS = 2_000;
/** Of those that are behind with something. */
const MOST_NAMED = 20;

export interface AgentsOptions {
  readonly config: ManagerConfig;
  readonly tables: AgentTables;
  readonly inventory: InventoryTables;
  readonly live: Pick<LiveSettings, 'snapshot' | 'refresh'>;
  readonly clock: Clock;
  readonly log: Log;
  /** A word about ourselves; resolves when it is stored. */
  readonly tell: (result: Result) => Promise<void>;
}

/** Agents of this cluster, on this node: their listener, which is open always, and while it serves who they are. */
export class Agents {
  readonly links: AgentsInside;
  readonly register = new AgentRegister();
  readonly inventory: InventoryKeeper;
  readonly #o: AgentsOptions;
  readonly #files: ShownFiles;
  readonly #box: AuthorityBox;
  readonly #listener: AgentListener;
  #authority: Pick<Authority, 'now'> | null = null;
  readonly #enrolment: Enrolment;
  readonly #seen: SeenAgents;
  #work: AgentWork | null = null;
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
    const { tables, live, clock } = options;
    this.#seen = new SeenAgents(tables, log);
    const { everyHours } = config.config.inventory;
    this.inventory = new InventoryKeeper({ tables: options.inventory, links: this.links, live, everyHours, clock, log });
    this.#enrolment = new Enrolment({
      ...{ tables, register: this.register, links: this.links, live, clock, log, node: config.node },
      ...{ clusterCa: () => files.now.clusterCa, managers: () => this.managers },
    });
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
    const work = new AgentWork(service, this.#o.config.node);
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

  /** What that host consists of, looked at now. @throws InventoryError, YosugaraError of NOT_SERVING, what a write throws */
  async collectInventory(node: string): Promise<InventoryCollected> {
    return await this.inventory.collect(node, this.#permitted());
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
    const { secret, digest } = newSecret();
    const detail = { description, forNode: node, scopes, ownerRole, uses, expiresAt: expiresAt.toISOString() };
    const token = joinTokenOf(secret, authoritySha256(this.#files.now.clusterCa));
    const number = await this.#o.tables.addToken(
      { digest, description, node, scopes, ownerRole, usesLeft: uses, expiresAt, createdBy: by },
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

  async #begin(work: AgentWork): Promise<void> {
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
    void this.#seen.note(work);
    void this.inventory.run(work);
  }

  /** Whoever reads it anew has what every Master before committed. */
  async #prepare(work: AgentWork): Promise<SigningAuthority> {
    const { tables, config, log } = this.#o;
    this.register.load(await tables.agents());
    return await signingAuthority(this.#box, work, {
      ...{ tables, clusterId: config.config.cluster.id, log, trust: (certificates) => this.#trust(certificates) },
    });
  }

  #end(): void {
    const work = this.#work;
    this.#work = null;
    if (work !== null) work.isOver = true;
    this.#listener.unserve();
  }

  #servingOf(work: AgentWork): AgentServing {
    const { live, clock } = this.#o;
    return {
      ...{ epoch: work.epoch, desk: work.desk, managers: this.managers },
      permitted: () => work.isPermitted,
      refusal: (agent, fingerprint) => this.register.refusal(agent, fingerprint, live.snapshot.nodes.has(agent)),
      join: async (request, address) => await this.#enrolment.join(work, request, address),
      renew: async (agent, fingerprint, request) => await this.#enrolment.renew(work, agent, fingerprint, request),
      onWelcome: (agent) => this.register.saw(this.#seen.add(agent, clock.wallMs())),
    };
  }

  get managers(): readonly { readonly host: string; readonly port: number }[] {
    const { cluster, ports } = this.#o.config.config;
    return cluster.members.filter(({ kind }) => kind === 'data').map(({ address }) => ({ host: address, port: ports.agents }));
  }

  #trouble(trouble: AgentTrouble): void {
    const { clock, log, tell } = this.#o;
    const nowMs = clock.wallMs();
    const result = troubleResult(trouble, nowMs, this.#toldAtMs);
    if (result === null || this.#work === null) return;
    tell(result).catch((error: unknown) => log.warn('agents.notTold', { code: trouble.code, why: explain(error) }));
  }

  #change(by: string, action: string, detail: AuditEntry['detail']) {
    return this.#permitted().change(by, action, detail);
  }

  #permitted(): AgentWork {
    const work = this.#work;
    if (work === null || !work.isPermitted) throw new YosugaraError('NOT_SERVING', 'agents are not served by this node just now');
    return work;
  }
}
