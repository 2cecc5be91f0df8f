import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Database } from './database.js';

export interface StoredAuthority {
  readonly number: number;
  /** PEM. */
  readonly certificate: string;
  /** As it was given to `addAuthority`. */
  readonly key: Buffer;
}

/** What it said of itself when it came last. */
export interface SeenAgent {
  readonly id: string;
  readonly address: string;
  readonly atMs: number;
  /** Of the certificate that it showed. */
  readonly fingerprint: string;
  readonly seen: {
    readonly version: string;
    readonly spool: string;
    readonly hostName: string;
    readonly platform: string;
    readonly os: string;
  };
}

export interface StoredAgent {
  readonly id: string;
  readonly fingerprint: string;
  readonly previous: string | null;
  readonly endsAt: Date;
  readonly joinedAt: Date;
  readonly joinedBy: string;
  readonly revokedAt: Date | null;
  readonly revokedBy: string | null;
  readonly address: string | null;
  readonly seen: SeenAgent['seen'] | null;
  readonly seenAt: Date | null;
}

export interface StoredToken {
  readonly number: number;
  readonly description: string;
  /** For this node only; null = for any that has no agent. */
  readonly node: string | null;
  readonly scopes: readonly string[];
  /** Of nodes that are added by it. */
  readonly ownerRole: string;
  readonly usesLeft: number;
  readonly expiresAt: Date;
  readonly createdAt: Date;
  readonly createdBy: string;
}

const AGENT = sql`id, fingerprint, previous, ends_at as "endsAt", joined_at as "joinedAt", joined_by as "joinedBy",
  revoked_at as "revokedAt", revoked_by as "revokedBy", address, seen, seen_at as "seenAt"`;
const TOKEN = sql`number, description, node, scopes, owner_role as "ownerRole", uses_left as "usesLeft", expires_at as "expiresAt",
  created_at as "createdAt", created_by as "createdBy"`;
/** What is over is kept for a while, so that somebody can see why an agent was refused. */
const KEPT_DAYS = 30;

/** Who may come as an agent, and by what. */
export class AgentRepository {
  readonly #db: Kysely<Database>;
  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** Oldest first. */
  async authorities(): Promise<readonly StoredAuthority[]> {
    const { rows } = await sql<StoredAuthority>`select number, certificate, key from agent_authority order by number`.execute(
      this.#db,
    );
    return rows;
  }

  async addAuthority({ certificate, key }: Omit<StoredAuthority, 'number'>): Promise<void> {
    await sql`insert into agent_authority (certificate, key) values (${certificate}, ${key})`.execute(this.#db);
  }

  /** All, by id. */
  async agents(): Promise<readonly StoredAgent[]> {
    const { rows } = await sql<StoredAgent>`select ${AGENT} from agent order by id`.execute(this.#db);
    return rows;
  }

  /** Also one that was revoked. */
  async find(id: string): Promise<StoredAgent | null> {
    const { rows } = await sql<StoredAgent>`select ${AGENT} from agent where id = ${id}`.execute(this.#db);
    return rows[0] ?? null;
  }

  /** New, or in the place of the one that was there; nothing of that one is good any more. */
  async join(agent: { id: string; fingerprint: string; endsAt: Date; joinedBy: string; address: string }): Promise<void> {
    const { id, fingerprint, endsAt, joinedBy, address } = agent;
    await sql`
      insert into agent (id, fingerprint, ends_at, joined_by, address) values (${id}, ${fingerprint}, ${endsAt}, ${joinedBy}, ${address})
      on conflict (id) do update set fingerprint = excluded.fingerprint, previous = null, ends_at = excluded.ends_at,
        joined_at = clock_timestamp(), joined_by = excluded.joined_by, revoked_at = null, revoked_by = null, address = excluded.address,
        seen = null, seen_at = null`.execute(this.#db);
  }

  /** @param shown of the certificate that it comes with, which stays good. @returns false: that is none of its own any more. */
  async renew(id: string, shown: string, next: { readonly fingerprint: string; readonly endsAt: Date }): Promise<boolean> {
    const { numAffectedRows } = await sql`
      update agent set fingerprint = ${next.fingerprint}, previous = ${shown}, ends_at = ${next.endsAt}
      where id = ${id} and revoked_at is null and ${shown} in (fingerprint, previous)`.execute(this.#db);
    return numAffectedRows === 1n;
  }

  /** @returns false: there is none that was not revoked before. */
  async revoke(id: string, by: string): Promise<boolean> {
    const { numAffectedRows } = await sql`
      update agent set revoked_at = clock_timestamp(), revoked_by = ${by}, previous = null
      where id = ${id} and revoked_at is null`.execute(this.#db);
    return numAffectedRows === 1n;
  }

  /** In one statement, however many. Who came with the newest certificate needs the one before no more. */
  async saw(agents: readonly SeenAgent[]): Promise<void> {
    const rows = agents.map(({ id, address, atMs, fingerprint, seen }) => ({ id, address, at: atMs / 1_000, fingerprint, seen }));
    await sql`
      update agent a set address = s.address, seen_at = to_timestamp(s.at), seen = s.seen,
        previous = case when a.fingerprint = s.fingerprint then null else a.previous end
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as s(id text, address text, at double precision, fingerprint text, seen jsonb)
      where a.id = s.id`.execute(this.#db);
  }

  /** Also lets go of those that were over long ago. */
  async addToken(
    token: Omit<StoredToken, 'number' | 'createdAt'> & { readonly digest: Buffer },
  ): Promise<Pick<StoredToken, 'number'>> {
    const { digest, description, node, scopes, ownerRole, usesLeft, expiresAt, createdBy } = token;
    await sql`delete from agent_token where expires_at < now() - make_interval(days => ${KEPT_DAYS})`.execute(this.#db);
    const { rows } = await sql<{ number: number }>`
      insert into agent_token (digest, description, node, scopes, owner_role, uses_left, expires_at, created_by)
      values (${digest}, ${description}, ${node}, ${[...scopes]}::text[], ${ownerRole}, ${usesLeft}, ${expiresAt}, ${createdBy}) returning number`.execute(
      this.#db,
    );
    return rows[0]!;
  }

  /** Newest first. @param after number of the last one of the page before */
  async tokens(limit: number, after: number | null = null): Promise<readonly StoredToken[]> {
    const { rows } = await sql<StoredToken>`
      select ${TOKEN} from agent_token where ${after}::bigint is null or number < ${after}::bigint order by number desc limit ${limit}`.execute(
      this.#db,
    );
    return rows;
  }

  /** The token of that digest, locked until the transaction ends; null = there is none, it is used up or over. */
  async tokenOf(digest: Buffer): Promise<StoredToken | null> {
    const { rows } = await sql<StoredToken>`
      select ${TOKEN} from agent_token where digest = ${digest} and uses_left > 0 and expires_at > now() for update`.execute(
      this.#db,
    );
    return rows[0] ?? null;
  }

  /** Whether `tokenOf` would find it just now; locks nothing. */
  async isToken(digest: Buffer): Promise<boolean> {
    const { rows } = await sql`select from agent_token where digest = ${digest} and uses_left > 0 and expires_at > now()`.execute(
      this.#db,
    );
    return rows.length > 0;
  }

  async useToken(number: number): Promise<void> {
    await sql`update agent_token set uses_left = uses_left - 1 where number = ${number}`.execute(this.#db);
  }

  /** @returns false: there is none. */
  async removeToken(number: number): Promise<boolean> {
    const { numAffectedRows } = await sql`delete from agent_token where number = ${number}`.execute(this.#db);
    return numAffectedRows === 1n;
  }
}
