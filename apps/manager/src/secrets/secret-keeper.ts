import type { HostKeyRing, SettingSecrets } from '@yosugara/host-control/keys';
import { type Clock, explain, type Log } from '@yosugara/kernel';
import type { NodeKeys, SecretsView, Status } from '@yosugara/protocol';
import type { SecretsPart, SecretsPlace, SecretsTable, UsedKey } from '@yosugara/store';
import type { Authority } from '../control/authority.js';
import { ApiRefusal } from '../http/errors.js';
import { Again } from '../self/again.js';
import type { SecretTables } from './secret-tables.js';
import { sharedKey } from './shared-key.js';

const LOOK_MS = 2_000;
/** Rows of one transaction, for which whoever changes settings waits: some milliseconds. */
const PART_ROWS = 200;
const PART_PAUSE_MS = 50;
/** After a pass that could not open everything. */
const AGAIN_MS = 3_600_000;
const TABLES: readonly SecretsTable[] = ['setting', 'setting_history'];

export interface SecretKeeperOptions {
  readonly node: string;
  readonly ring: HostKeyRing;
  readonly codec: SettingSecrets;
  readonly tables: SecretTables;
  readonly authority: Pick<Authority, 'now' | 'demand'>;
  /** The database is prepared for this epoch. */
  readonly isReady: () => boolean;
  readonly status: () => Promise<Status>;
  /** Those that hold the database. */
  readonly members: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Which key encrypts secrets: on the Master the newest one that every node has which may become Master, so that none ever has to open what it
 * cannot; elsewhere what the Master said. What was stored before is encrypted anew, some rows at a time.
 */
export class SecretKeeper {
  readonly #o: SecretKeeperOptions;
  #used: readonly UsedKey[] = [];
  #waitsFor: string | null = null;
  #nodes: SecretsView['nodes'] = [];
  #pass: NonNullable<SecretsView['pass']> | null = null;
  #isAsked = false;
  #againMs = Number.NEGATIVE_INFINITY;
  #said = '';
  readonly #again = new Again(LOOK_MS, async () => await this.look());
  #looking: Promise<void> | null = null;

  constructor(options: SecretKeeperOptions) {
    this.#o = options;
  }

  start(): void {
    this.#again.startNow();
  }

  async stop(): Promise<void> {
    this.#again.stop();
    await this.#looking;
  }

  report(): NodeKeys {
    const { ring } = this.#o;
    return { ids: [...ring.ids], lacks: this.#used.map(({ id }) => id).filter((id) => ring.keyOf(id) === null) };
  }

  /** @param journals of this node. */
  view(journals: SecretsView['journals']): SecretsView {
    const { node, ring, codec } = this.#o;
    return {
      ...{ node, encryptsBy: codec.encryptsBy, waitsFor: this.#waitsFor, problem: ring.problem?.message ?? null },
      lookedIn: [...ring.lookedIn],
      used: this.#used.map(({ id, since, completeAt }) => ({
        ...{ id, since: since.toISOString(), completeAt: completeAt?.toISOString() ?? null },
      })),
      pass: this.#pass,
      nodes: this.#nodes.map((each) => (each.node === node ? { node, keys: this.report() } : each)),
      journals,
    };
  }

  /** Everything is looked at and encrypted anew by the newest key, now. @throws ApiRefusal — not all nodes have it. */
  async rotate(): Promise<string> {
    this.#isAsked = true;
    await this.#looking;
    const looked = this.look();
    // The pass goes on when this is answered.
    await Promise.race([looked, this.#decided()]);
    const { encryptsBy } = this.#o.codec;
    if (this.#waitsFor !== null || encryptsBy === null)
      throw new ApiRefusal(409, 'KEY_NOT_SHARED', this.#waitsFor ?? 'no node has a key: yosugara secrets new-key');
    return encryptsBy;
  }

  /** One look at a time; also a whole pass when there is something to encrypt. Never throws. */
  async look(): Promise<void> {
    this.#looking ??= this.#look()
      .catch((error: unknown) => this.#say(explain(error)))
      .finally(() => {
        this.#looking = null;
      });
    await this.#looking;
  }

  #tellDecided: () => void = () => undefined;
  #decided(): Promise<void> {
    return new Promise((resolve) => (this.#tellDecided = resolve));
  }

  async #look(): Promise<void> {
    const { ring, codec, tables, authority, isReady, clock } = this.#o;
    ring.refresh();
    if (ring.problem !== null) this.#say(ring.problem.message);
    this.#used = await tables.keys();
    const { mode, epoch } = authority.now();
    const last = this.#used.at(-1) ?? null;
    codec.encryptsBy = last?.id ?? null;
    this.#nodes = nodesOf(this.#o.members, await this.#o.status());
    if (mode !== 'active' || !isReady()) {
      this.#waitsFor = null;
      return;
    }
    await this.#decide(epoch);
    this.#tellDecided();
    const now = this.#used.at(-1);
    const isDue = now !== undefined && (now.completeAt === null ? clock.monotonicMs() >= this.#againMs : this.#isAsked);
    if (isDue && ring.keyOf(now.id) !== null) await this.#passThrough(now.id, epoch);
  }

  async #decide(epoch: number): Promise<void> {
    const { ring, codec, tables, node, log } = this.#o;
    const { id, waitsFor } = sharedKey(
      ring.ids,
      this.#nodes.filter((each) => each.node !== node),
      await this.#o.status(),
    );
    this.#waitsFor = waitsFor;
    if (id === null || id === this.#used.at(-1)?.id) return;
    const entry = { login: 'yosugara', action: 'secrets.key', detail: { key: id, before: codec.encryptsBy }, node, epoch };
    await tables.use(id, entry, this.#guard(epoch));
    codec.encryptsBy = id;
    this.#used = await tables.keys();
    this.#againMs = Number.NEGATIVE_INFINITY;
    log.info('secrets.key', { key: id });
  }

  async #passThrough(id: string, epoch: number): Promise<void> {
    const { tables, clock, log } = this.#o;
    this.#isAsked = false;
    let closed = 0;
    let rewritten = 0;
    try {
      for (const table of TABLES) {
        let after: SecretsPlace = null;
        let looked = 0;
        this.#pass = { table, looked, rewritten, closed };
        do {
          if (this.#again.isStopped) return;
          const part: SecretsPart = await tables.rewrite(table, after, PART_ROWS, epoch, this.#guard(epoch));
          looked += part.looked;
          closed += part.closed;
          rewritten += part.rewritten;
          this.#pass = { table, looked, rewritten, closed };
          after = part.next;
          if (part.rewritten > 0) await new Promise((resolve) => setTimeout(resolve, PART_PAUSE_MS));
        } while (after !== null);
      }
    } finally {
      this.#pass = null;
    }
    this.#againMs = clock.monotonicMs() + AGAIN_MS;
    if (closed > 0) return this.#say(`${closed} secrets of settings do not open: their key is not here`);
    await tables.complete(id, epoch, this.#guard(epoch));
    this.#used = await tables.keys();
    log.info('secrets.encrypted', { key: id, rewritten });
  }

  #guard(epoch: number): () => void {
    return () => void this.#o.authority.demand('active', epoch);
  }

  /** The same once: it is looked every two seconds, also while the database is away. */
  #say(why: string): void {
    if (why !== this.#said) this.#o.log.warn('secrets.trouble', { why });
    this.#said = why;
  }
}

const nodesOf = (members: readonly string[], { nodes }: Status): SecretsView['nodes'] =>
  members.map((node) => ({ node, keys: nodes.find(({ name }) => name === node)?.keys ?? null }));
