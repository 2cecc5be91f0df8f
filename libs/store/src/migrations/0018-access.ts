import { type Kysely, sql } from 'kysely';

/**
 * Who may do what (docs/access.md): several roles a person, second factor, lock, tokens; an audit log that nobody rewrites.
 *
 * `app_user.role` stays for a program of before on the other node: it reads the least of rights there of whoever came later.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...USERS, ...AUDIT, ...SCOPES]) await sql.raw(statement).execute(db);
}

const USERS = [
  `alter table app_user
    alter column password_hash drop not null,
    alter column role set default 'viewer',
    add column roles text[] not null default '{}',
    add column name text not null default '',
    add column mail text not null default '',
    add column language text not null default '',
    add column time_zone text not null default '',
    add column enabled boolean not null default true,
    add column source text not null default 'local' check (source in ('local', 'ldap', 'oidc')),
    add column external_id text,
    add column revision integer not null default 1,
    add column failures integer not null default 0,
    add column locked_until timestamptz,
    add column last_login_at timestamptz,
    add column totp_secret bytea,
    add column totp_pending bytea,
    add column totp_step bigint not null default 0`,
  'update app_user set roles = array[role]',
  'create unique index app_user_external on app_user (source, external_id) where external_id is not null',
  // Only digests: of 128 bits of chance there is nothing to guess.
  `create table recovery_code (
    user_id integer not null references app_user on delete cascade,
    digest bytea not null,
    primary key (user_id, digest)
  )`,
  `create table api_token (
    id integer generated always as identity primary key,
    user_id integer not null references app_user on delete cascade,
    name text not null,
    start text not null,
    digest bytea not null unique,
    roles text[] not null,
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null,
    last_used_at timestamptz,
    last_used_from text
  )`,
  'create index api_token_of_user on api_token (user_id)',
];

/**
 * `xact`: ids become visible in another order than they are given; whoever sends the log elsewhere goes by transactions, and reads no further
 * than the oldest one that is not over.
 */
const AUDIT = [
  `alter table audit
    add column came text,
    add column address text,
    add column node text,
    add column done boolean not null default true,
    add column xact xid8 not null default pg_current_xact_id()`,
  'create index audit_at on audit (at)',
  'create index audit_actor on audit (actor, id)',
  'create index audit_target on audit (target text_pattern_ops, id) where target is not null',
  'create index audit_action on audit (action text_pattern_ops, id)',
  'create index audit_refused on audit (id) where not done',
  'create index audit_xact on audit (xact, id)',
  `create table audit_sent (target text primary key, xact xid8 not null, id bigint not null, at timestamptz not null default clock_timestamp())`,
  // What the program does is never undone in its log; only old rows go, and only where the transaction says that this is what it does.
  `create function audit_stays() returns trigger language plpgsql as $$
  begin
    if tg_op = 'DELETE' and tg_level = 'ROW' and old.at < clock_timestamp() - interval '24 hours'
      and current_setting('yosugara.audit_retention', true) = 'on' then return old; end if;
    raise exception 'the audit log is only added to' using errcode = 'insufficient_privilege';
  end $$`,
  `create trigger audit_stays before update or delete on audit for each row execute function audit_stays()`,
  `create trigger audit_is_not_emptied before truncate on audit for each statement execute function audit_stays()`,
];

/** What is built in is everybody's to look at, and nobody's to change. */
const SCOPES = [
  `update setting set owner_role = 'ALL_USERS' where kind = 'scope' and owner_role = 'admin' and created_by = 'yosugara' and version = 0`,
];
