import { InvalidInputError } from '@yosugara/kernel';
import { BUILT_IN_SCOPES, PLATFORMS, type Setting, type SettingKey, type SettingKind } from '@yosugara/protocol';
import { type LiveSetting, PLAIN_SECRETS, type SecretCodec, type SettingsSource, type SettingsStamp } from '@yosugara/runtime';
import type { Kysely, RawBuilder } from 'kysely';
import { sql } from 'kysely';
import type { Database } from './database.js';
import { openSecrets } from './setting-secrets.js';
import type { SettingRevision, SettingsQuery } from './settings-types.js';

type Row = Omit<Setting, 'createdAt' | 'modifiedAt'> & { readonly createdAt: Date; readonly modifiedAt: Date };

const COLUMNS = sql`s.kind, s.id, s.revision, s.description, s.enabled, s.owner_role as "ownerRole", s.body,
  s.created_at as "createdAt", s.created_by as "createdBy", s.modified_at as "modifiedAt", s.modified_by as "modifiedBy"`;
const LIVE = sql`s.kind, s.id, s.revision, s.description, s.enabled, s.owner_role as "ownerRole", s.body`;

/**
 * What operators define, read. Bodies are whole, with their secrets: whoever shows them masks them (`maskSecrets`). A secret whose key is not here
 * is null for whoever would use it, and the encrypted text for whoever only shows that there is one.
 */
export class SettingsRepository implements SettingsSource {
  readonly #db: Kysely<Database>;
  readonly #secrets: SecretCodec;
  constructor(db: Kysely<Database>, secrets: SecretCodec = PLAIN_SECRETS) {
    this.#db = db;
    this.#secrets = secrets;
  }

  async stamp(): Promise<SettingsStamp> {
    const { rows } = await sql<{ version: string; epoch: string }>`select version, epoch from settings_version`.execute(this.#db);
    return { version: Number(rows[0]?.version), epoch: Number(rows[0]?.epoch) };
  }

  /** The stamp of now, and whether `known` is one of this database's past: after a rewind its version may be another change's. */
  async since(known: SettingsStamp): Promise<{ readonly stamp: SettingsStamp; readonly isKnown: boolean }> {
    const { rows } = await sql<{ version: string; epoch: string; known: boolean }>`
      select version, epoch, (${known.version}::bigint = version and ${known.epoch}::bigint = epoch) or ${known.version}::bigint = 0 or exists (
        select from setting_history h where h.version = ${known.version}::bigint and h.epoch = ${known.epoch}::bigint
      ) as known from settings_version`.execute(this.#db);
    const [row] = rows;
    return { stamp: { version: Number(row?.version), epoch: Number(row?.epoch) }, isKnown: row?.known === true };
  }

  async get({ kind, id }: SettingKey): Promise<Setting | null> {
    const { rows } = await sql<Row>`select ${COLUMNS} from setting s where s.kind = ${kind} and s.id = ${id}`.execute(this.#db);
    return rows[0] === undefined ? null : this.#settingOf(rows[0]);
  }

  /** By id. @throws InvalidInputError — an address that is none. */
  async list(kind: SettingKind, query: SettingsQuery): Promise<readonly Setting[]> {
    const where = conditionsOf(kind, query);
    const { rows } = await sql<Row>`
      select ${COLUMNS} from setting s where ${sql.join(where, sql` and `)} order by s.id limit ${query.limit}`.execute(this.#db);
    return rows.map((row) => this.#settingOf(row));
  }

  /** @param owners of these roles only; null: of all. */
  async counts(owners: readonly string[] | null = null): Promise<ReadonlyMap<SettingKind, number>> {
    const where = owners === null ? sql`true` : sql`owner_role = any(${[...owners]}::text[])`;
    const { rows } = await sql<{
      kind: SettingKind;
      count: string;
    }>`select kind, count(*) as count from setting where ${where} group by kind`.execute(this.#db);
    return new Map(rows.map(({ kind, count }) => [kind, Number(count)]));
  }

  /** All kinds by kind and id, from there on. */
  async all(after: SettingKey | null, limit: number): Promise<readonly LiveSetting[]> {
    const from = after === null ? sql`true` : sql`(s.kind, s.id) > (${after.kind}, ${after.id})`;
    const { rows } =
      await sql<LiveSetting>`select ${LIVE} from setting s where ${from} order by s.kind, s.id limit ${limit}`.execute(this.#db);
    return rows.map((row) => this.#live(row));
  }

  /** Written after that version, in the order of versions. @param after last of the page before. */
  async changedSince(
    version: number,
    after: (SettingKey & { readonly version: number }) | null,
    limit: number,
  ): Promise<readonly (LiveSetting & { readonly version: number })[]> {
    const from =
      after === null
        ? sql`s.version > ${version}::bigint`
        : sql`(s.version, s.kind, s.id) > (${after.version}::bigint, ${after.kind}, ${after.id})`;
    const { rows } = await sql<LiveSetting & { version: string }>`
      select ${LIVE}, s.version from setting s where ${from} order by s.version, s.kind, s.id limit ${limit}`.execute(this.#db);
    return rows.map((row) => ({ ...this.#live(row), version: Number(row.version) }));
  }

  /** Removed after that version, and not there again. */
  async removedSince(version: number): Promise<readonly SettingKey[]> {
    const { rows } = await sql<SettingKey>`
      select distinct h.kind, h.id from setting_history h
      where h.version > ${version}::bigint and h.body is null
        and not exists (select from setting s where s.kind = h.kind and s.id = h.id)`.execute(this.#db);
    return rows;
  }

  /** Newest first. */
  async history({ kind, id }: SettingKey, limit: number, before: number | null = null): Promise<readonly SettingRevision[]> {
    const { rows } = await sql<
      Omit<SettingRevision, 'setting' | 'version'> & { version: string; setting: SettingRevision['setting'] }
    >`
      select revision, at, by, version, body as setting from setting_history where kind = ${kind} and id = ${id}
        and (${before}::int is null or revision < ${before}::int)
      order by revision desc limit ${limit}`.execute(this.#db);
    const opened = (setting: SettingRevision['setting']) =>
      setting === null ? null : { ...setting, body: openSecrets(this.#secrets, { kind, id }, setting.body, 'kept') };
    return rows.map((row) => ({ ...row, version: Number(row.version), setting: opened(row.setting) }));
  }

  /** Who refers to it, by kind and id. */
  async referrersOf({ kind, id }: SettingKey, limit: number): Promise<readonly SettingKey[]> {
    const { rows } = await sql<SettingKey>`
      select from_kind as kind, from_id as id from setting_ref where to_kind = ${kind} and to_id = ${id}
      order by from_kind, from_id limit ${limit}`.execute(this.#db);
    return rows;
  }

  #live<Found extends LiveSetting>(row: Found): Found {
    return { ...row, body: openSecrets(this.#secrets, row, row.body, 'none') };
  }

  #settingOf(row: Row): Setting {
    const body = openSecrets(this.#secrets, row, row.body, 'kept');
    return { ...row, body, createdAt: row.createdAt.toISOString(), modifiedAt: row.modifiedAt.toISOString() };
  }
}

const ADDRESS = /^[0-9a-fA-F:.]{2,45}(\/\d{1,3})?$/;

function conditionsOf(kind: SettingKind, query: SettingsQuery): readonly RawBuilder<unknown>[] {
  const { text, enabled, ownerRole, owners, address, hostName, scope, after } = query;
  const conditions = [sql`s.kind = ${kind}`];
  if (after !== undefined) conditions.push(sql`s.id > ${after}`);
  if (enabled !== undefined) conditions.push(sql`s.enabled = ${enabled}`);
  if (ownerRole !== undefined) conditions.push(sql`s.owner_role = ${ownerRole}`);
  if (owners !== undefined) conditions.push(sql`s.owner_role = any(${[...owners]}::text[])`);
  // Never in the whole body: an answer that comes or not would tell its secrets letter by letter.
  if (text !== undefined)
    conditions.push(sql`position(lower(${text}) in lower(concat_ws(' ', s.id, s.description, s.body->>'name',
      case when s.kind = 'node' then concat_ws(' ', s.body->>'addresses', s.body->>'hostNames') end))) > 0`);
  if (address !== undefined) {
    if (!ADDRESS.test(address)) throw new InvalidInputError('address', address, 'an address, or a network such as 10.0.0.0/8');
    conditions.push(
      sql`exists (select from jsonb_array_elements_text(s.body->'addresses') a where a::inet <<= ${address}::inet)`,
    );
  }
  if (hostName !== undefined)
    conditions.push(
      sql`exists (select from jsonb_array_elements_text(s.body->'hostNames') h where lower(h) = lower(${hostName}))`,
    );
  if (scope !== undefined) conditions.push(inScope(scope));
  return conditions;
}

const BUILT_IN: ReadonlyMap<string, RawBuilder<unknown>> = new Map<string, RawBuilder<unknown>>([
  ...BUILT_IN_SCOPES.map(({ id }) => [id, sql`false`] as const),
  ['REGISTERED', sql`true`],
  ['OS', sql`true`],
  ['UNALLOCATED', sql`s.body->'scopes' = '[]'`],
  ...PLATFORMS.map((platform) => [platform, sql`s.body->>'platform' = ${platform}`] as const),
]);

/** Directly or anywhere below; circles are refused when they are made, and `union` ends in one all the same. */
const inScope = (scope: string): RawBuilder<unknown> =>
  BUILT_IN.get(scope) ??
  sql`exists (
    with recursive below(id) as (
      select ${scope}::text union select r.from_id from below b join setting_ref r on r.to_kind = 'scope' and r.to_id = b.id and r.from_kind = 'scope'
    )
    select from setting_ref r join below b on r.to_id = b.id where r.to_kind = 'scope' and r.from_kind = s.kind and r.from_id = s.id)`;
