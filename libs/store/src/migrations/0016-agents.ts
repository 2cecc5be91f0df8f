import { type Kysely, sql } from 'kysely';

/**
 * Agents (docs/agent.md). `fingerprint`: SHA-256 of the certificate that was given last; `previous`: of the one before, good until the new one was
 * used. `key` of an authority is encrypted by whoever writes it. Of a token only the digest is there.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `create table agent_authority (
    number integer generated always as identity primary key,
    certificate text not null,
    key bytea not null,
    created_at timestamptz not null default clock_timestamp()
  )`,
  `create table agent (
    id text primary key,
    fingerprint text not null,
    previous text,
    ends_at timestamptz not null,
    joined_at timestamptz not null default clock_timestamp(),
    joined_by text not null,
    revoked_at timestamptz,
    revoked_by text,
    address text,
    seen jsonb,
    seen_at timestamptz
  )`,
  `create table agent_token (
    number integer generated always as identity primary key,
    digest bytea not null unique,
    description text not null,
    node text,
    scopes text[] not null,
    uses_left integer not null check (uses_left >= 0),
    expires_at timestamptz not null,
    created_at timestamptz not null default clock_timestamp(),
    created_by text not null
  )`,
];
