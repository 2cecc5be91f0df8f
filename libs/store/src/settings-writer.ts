import {
  isBuiltInScope,
  isSameJson,
  keepSecrets,
  MAX_SCOPE_DEPTH,
  MAX_TOLD,
  referencesOf,
  type SettingInput,
  type SettingKey,
  type SettingKind,
  settingSecretsOf,
  spaceOf,
  wholeMistakesOf,
} from '@yosugara/protocol';
import { PLAIN_SECRETS, type SecretCodec } from '@yosugara/runtime';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Database } from './database.js';
import { openSecrets, sealSecrets } from './setting-secrets.js';
import type { ChangedSetting, PutOptions, SettingsOutcome, SettingsRefusal, SettingsRights } from './settings-types.js';

/** Of one statement: some milliseconds of work for either side, so that a large import never keeps the process from its other duties. */
const CHUNK = 500;
const MOST_NAMED = 10;

interface Current extends SettingInput {
  readonly revision: number;
}

interface Writing {
  readonly version: number;
  readonly by: string;
  readonly epoch: number;
}

/**
 * Changes of settings within a transaction that somebody else begins, and ends: on a refusal with a rollback, since part of it is written by then.
 * One change at a time: the row of `settings_version` is locked to the end.
 */
export class SettingsWriter {
  readonly #db: Kysely<Database>;
  readonly #secrets: SecretCodec;
  constructor(db: Kysely<Database>, secrets: SecretCodec = PLAIN_SECRETS) {
    this.#db = db;
    this.#secrets = secrets;
  }

  /** @param settings parsed (`parseSetting`), each kind and id once. */
  async put(settings: readonly SettingInput[], options: PutOptions): Promise<SettingsOutcome> {
    const now = await this.#lockVersion();
    const writing = { version: now + 1, by: options.by, epoch: options.epoch };
    const told = options.told ?? MAX_TOLD;
    const added: (SettingKey & { revision: number })[] = [];
    const changed: ChangedSetting[] = [];
    const counts = { added: 0, changed: 0, removed: 0, unchanged: 0 };
    const rewritten: SettingInput[] = [];
    for (const chunk of chunksOf(settings)) {
      const current = await this.#current(chunk);
      const sorted = sortOut(chunk, current, options);
      if ('kind' in sorted) return sorted;
      const revisions = await this.#revisionsOfNew(sorted.added);
      const news = sorted.added.map((setting) => ({ ...setting, revision: (revisions.get(keyOf(setting)) ?? 0) + 1 }));
      const others = sorted.changed.map(({ before, after }) => ({ ...after, revision: before.revision + 1 }));
      await this.#write([...news, ...others], writing);
      // Nearly all changes leave references as they are, and each costs the database two looks.
      const referring = sorted.changed.filter(({ before, after }) => !isSameJson(refsOf(before), refsOf(after)));
      await this.#forgetRefs(referring.map(({ after }) => after));
      counts.added += news.length;
      counts.changed += others.length;
      counts.unchanged += chunk.length - news.length - others.length;
      for (const { kind, id, revision } of news.slice(0, told - added.length)) added.push({ kind, id, revision });
      for (const { before, after } of sorted.changed.slice(0, told - changed.length))
        changed.push({ kind: after.kind, id: after.id, revision: before.revision + 1, before, after });
      for (const setting of news) rewritten.push(setting);
      for (const { after } of referring) rewritten.push(after);
    }
    const refused = (await this.#refer(rewritten)) ?? (await this.#circles(rewritten));
    if (refused !== null) return refused;
    const missing =
      options.deleteMissing === undefined ? [] : await this.#missing(settings, options.deleteMissing, options.rights);
    const kept = await this.#removeAll(missing, writing);
    if (kept !== null) return kept;
    counts.removed = missing.length;
    const isChange = counts.added + counts.changed + counts.removed > 0;
    if (isChange) await this.#raise(writing);
    const removed = missing.slice(0, told).map(({ kind, id }) => ({ kind, id }));
    return { kind: 'done', version: isChange ? writing.version : now, counts, added, changed, removed };
  }

  async remove(key: SettingKey, options: Pick<PutOptions, 'by' | 'epoch' | 'expected' | 'rights'>): Promise<SettingsOutcome> {
    const writing = { version: (await this.#lockVersion()) + 1, by: options.by, epoch: options.epoch };
    const found = (await this.#current([key])).get(spaceKeyOf(key));
    const { rights } = options;
    if (found === undefined || found.kind !== key.kind || rights?.reads(key.kind, found.ownerRole) === false)
      return { kind: 'unknown', key };
    if (key.kind === 'scope' && isBuiltInScope(key.id)) return { kind: 'built in', key };
    if (rights?.changes(key.kind, found.ownerRole) === false)
      return { kind: 'not allowed', key, what: 'modify', owner: found.ownerRole };
    if (!isExpected(options.expected, found.revision)) return { kind: 'revision', key, found: found.revision };
    const refused = await this.#removeAll([found], writing);
    if (refused !== null) return refused;
    await this.#raise(writing);
    const counts = { added: 0, changed: 0, removed: 1, unchanged: 0 };
    return { kind: 'done', version: writing.version, counts, added: [], changed: [], removed: [key] };
  }

  async #lockVersion(): Promise<number> {
    const { rows } = await sql<{ version: string }>`select version from settings_version for update`.execute(this.#db);
    return Number(rows[0]?.version);
  }

  async #raise({ version, epoch }: Writing): Promise<void> {
    await sql`update settings_version set version = ${version}::bigint, epoch = ${epoch}::bigint`.execute(this.#db);
  }

  /** By space and id: whoever has the id, whatever its kind. */
  async #current(keys: readonly SettingKey[]): Promise<ReadonlyMap<string, Current>> {
    const { rows } = await sql<Current>`
      select s.kind, s.id, s.revision, s.description, s.enabled, s.owner_role as "ownerRole", s.body
      from unnest(${keys.map(({ kind }) => spaceOf(kind))}::text[], ${keys.map(({ id }) => id)}::text[]) as w(space, id)
      join setting s on s.space = w.space and s.id = w.id`.execute(this.#db);
    const opened = (row: Current): Current => ({ ...row, body: openSecrets(this.#secrets, row, row.body, 'kept') });
    return new Map(rows.map((row) => [spaceKeyOf(row), opened(row)]));
  }

  /** An id that was there before goes on from its last revision: an old ETag fits none of the new ones. */
  async #revisionsOfNew(keys: readonly SettingKey[]): Promise<ReadonlyMap<string, number>> {
    if (keys.length === 0) return new Map();
    const { rows } = await sql<SettingKey & { revision: number }>`
      select h.kind, h.id, max(h.revision) as revision
      from unnest(${kindsOf(keys)}::text[], ${idsOf(keys)}::text[]) as w(kind, id)
      join setting_history h on h.kind = w.kind and h.id = w.id group by h.kind, h.id`.execute(this.#db);
    return new Map(rows.map((row) => [keyOf(row), row.revision]));
  }

  async #write(
    settings: readonly (SettingInput & { readonly revision: number })[],
    { version, by, epoch }: Writing,
  ): Promise<void> {
    if (settings.length === 0) return;
    const rows = JSON.stringify(
      settings.map((setting) => ({ ...setting, body: sealSecrets(this.#secrets, setting, setting.body) })),
    );
    await sql`
      with wanted as materialized (
        select * from jsonb_to_recordset(${rows}::jsonb)
          as w(kind text, id text, revision integer, description text, enabled boolean, "ownerRole" text, body jsonb)
      ), written as (
        insert into setting (kind, id, revision, version, description, enabled, owner_role, body, created_by, modified_by)
        select kind, id, revision, ${version}::bigint, description, enabled, "ownerRole", body, ${by}::text, ${by}::text from wanted
        on conflict (kind, id) do update set revision = excluded.revision, version = excluded.version, description = excluded.description,
          enabled = excluded.enabled, owner_role = excluded.owner_role, body = excluded.body, modified_at = now(), modified_by = excluded.modified_by
      )
      insert into setting_history (kind, id, revision, version, epoch, by, body)
      select kind, id, revision, ${version}::bigint, ${epoch}::bigint, ${by}::text,
        jsonb_build_object('description', description, 'enabled', enabled, 'ownerRole', "ownerRole", 'body', body)
      from wanted`.execute(this.#db);
  }

  async #forgetRefs(keys: readonly SettingKey[]): Promise<void> {
    if (keys.length === 0) return;
    await sql`
      delete from setting_ref r using unnest(${kindsOf(keys)}::text[], ${idsOf(keys)}::text[]) as w(kind, id)
      where r.from_kind = w.kind and r.from_id = w.id`.execute(this.#db);
  }

  /** When all settings are there. */
  async #refer(settings: readonly SettingInput[]): Promise<SettingsRefusal | null> {
    for (const chunk of chunksOf(settings)) {
      const wanted = chunk.flatMap((from) =>
        referencesOf(from.kind, from.body).map(({ kind, id, place }) => ({
          ...{ from_kind: from.kind, from_id: from.id, place, to_space: spaceOf(kind), to_id: id },
          ...{ wanted: kind, to_kind: kind === 'facility' ? null : kind },
        })),
      );
      if (wanted.length === 0) continue;
      const { rows } = await sql<{
        from_kind: SettingKind;
        from_id: string;
        place: string;
        wanted: string;
        to_id: string;
        all: string;
      }>`
        with wanted as materialized (
          select w.*, s.kind as found from jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb)
            as w(from_kind text, from_id text, place text, to_space text, to_id text, wanted text, to_kind text)
          left join setting s on s.space = w.to_space and s.id = w.to_id and (w.to_kind is null or s.kind = w.to_kind)
        ), done as (
          insert into setting_ref (from_kind, from_id, to_kind, to_id)
          select distinct from_kind, from_id, found, to_id from wanted where found is not null
        )
        select from_kind, from_id, place, wanted, to_id, count(*) over () as all from wanted where found is null limit ${MOST_NAMED}`.execute(
        this.#db,
      );
      if (rows.length > 0) return toNothing(rows);
    }
    return null;
  }

  async #circles(settings: readonly SettingInput[]): Promise<SettingsRefusal | null> {
    const scopes = settings.filter(({ kind }) => kind === 'scope').map(({ id }) => id);
    if (scopes.length === 0) return null;
    const { rows } = await sql<{ start: string }>`
      with recursive up(start, id, depth) as (
        select id, body->>'parent', 1 from setting where kind = 'scope' and id = any(${scopes}::text[]) and body->>'parent' is not null
        union all
        select u.start, s.body->>'parent', u.depth + 1 from up u join setting s on s.kind = 'scope' and s.id = u.id
        where s.body->>'parent' is not null and u.depth <= ${MAX_SCOPE_DEPTH} and u.id <> u.start
      )
      select start from up where id = start or depth > ${MAX_SCOPE_DEPTH} limit 1`.execute(this.#db);
    const start = rows[0]?.start;
    return start === undefined ? null : { kind: 'scopes in a circle', key: { kind: 'scope', id: start } };
  }

  /** Of those that whoever imports may change: what is not theirs is none of their import. */
  async #missing(
    settings: readonly SettingInput[],
    kinds: readonly SettingKind[],
    rights: SettingsRights | undefined,
  ): Promise<readonly Current[]> {
    const owners = rights?.owners ?? null;
    const theirs = owners === null ? sql`true` : sql`s.owner_role = any(${[...owners]}::text[])`;
    const { rows } = await sql<Current>`
      select s.kind, s.id, s.revision from setting s
      where s.kind = any(${[...kinds]}::text[]) and ${theirs} and not exists (
        select from unnest(${kindsOf(settings)}::text[], ${idsOf(settings)}::text[]) as w(kind, id) where w.kind = s.kind and w.id = s.id)
      order by s.kind, s.id`.execute(this.#db);
    return rows.filter(({ kind, id }) => !(kind === 'scope' && isBuiltInScope(id)));
  }

  /** They may refer to each other. */
  async #removeAll(
    keys: readonly Pick<Current, 'kind' | 'id' | 'revision'>[],
    { version, by, epoch }: Writing,
  ): Promise<SettingsRefusal | null> {
    if (keys.length === 0) return null;
    const [kinds, ids] = [kindsOf(keys), idsOf(keys)];
    await this.#forgetRefs(keys);
    const { rows } = await sql<{ from_kind: SettingKind; from_id: string; to_kind: SettingKind; to_id: string; all: string }>`
      select r.*, count(*) over (partition by r.to_kind, r.to_id) as all
      from unnest(${kinds}::text[], ${ids}::text[]) as w(kind, id) join setting_ref r on r.to_kind = w.kind and r.to_id = w.id
      order by r.to_kind, r.to_id, r.from_kind, r.from_id limit ${MOST_NAMED}`.execute(this.#db);
    const [first] = rows;
    if (first !== undefined) {
      const key = { kind: first.to_kind, id: first.to_id };
      const by = rows.filter(({ to_kind, to_id }) => to_kind === key.kind && to_id === key.id);
      return {
        kind: 'referenced',
        key,
        by: by.map((row) => ({ kind: row.from_kind, id: row.from_id })),
        count: Number(first.all),
      };
    }
    await sql`
      with gone as (
        delete from setting s using unnest(${kinds}::text[], ${ids}::text[]) as w(kind, id) where s.kind = w.kind and s.id = w.id
        returning s.kind, s.id, s.revision
      )
      insert into setting_history (kind, id, revision, version, epoch, by, body)
      select kind, id, revision + 1, ${version}::bigint, ${epoch}::bigint, ${by}::text, null from gone`.execute(this.#db);
    return null;
  }
}

interface Sorted {
  readonly added: readonly SettingInput[];
  readonly changed: readonly { readonly before: Current; readonly after: SettingInput }[];
}

/** What is new and what is another one than before, with the secrets of before where they were not said. */
function sortOut(
  settings: readonly SettingInput[],
  current: ReadonlyMap<string, Current>,
  { expected, rights }: Pick<PutOptions, 'expected' | 'rights'>,
): Sorted | SettingsRefusal {
  const added: SettingInput[] = [];
  const changed: { before: Current; after: SettingInput }[] = [];
  for (const setting of settings) {
    const { kind, id } = setting;
    const key = { kind, id };
    const before = current.get(spaceKeyOf(setting));
    if (before !== undefined && before.kind !== kind) return { kind: 'id taken', key, by: before.kind };
    const refused = rights === undefined ? null : refusedBy(rights, setting, before, expected);
    if (refused !== null) return refused;
    const found = before?.revision ?? null;
    if (!isExpected(expected, found)) return { kind: 'revision', key, found };
    const secrets = settingSecretsOf(kind);
    const after = { ...setting, body: keepSecrets(secrets, setting.body, before?.body) };
    const mistakes = wholeMistakesOf(kind, after.body);
    if (mistakes.length > 0) return { kind: 'mistaken', key, mistakes };
    if (before === undefined) added.push(after);
    else if (!isSame(before, after)) changed.push({ before, after });
  }
  return { added, changed };
}

/**
 * What somebody may not see is not there for them: they are answered as if it were not. Only whoever could make it learns that the id is taken, since
 * they cannot.
 */
function refusedBy(
  rights: SettingsRights,
  setting: SettingInput,
  before: Current | undefined,
  expected: PutOptions['expected'],
): SettingsRefusal | null {
  const { kind, id, ownerRole: owner } = setting;
  const key = { kind, id };
  const isHidden = before !== undefined && !rights.changes(kind, before.ownerRole) && !rights.reads(kind, before.ownerRole);
  if (before === undefined || isHidden) {
    if (!rights.adds(kind, owner)) return { kind: 'not allowed', key, what: 'add', owner };
    if (!isHidden) return null;
    return isExpected(expected, null) ? { kind: 'unknown', key } : { kind: 'revision', key, found: null };
  }
  if (!rights.changes(kind, before.ownerRole)) return { kind: 'not allowed', key, what: 'modify', owner: before.ownerRole };
  return owner === before.ownerRole || rights.changes(kind, owner) ? null : { kind: 'not allowed', key, what: 'give', owner };
}

const refsOf = ({ kind, body }: SettingInput) => referencesOf(kind, body);

const isExpected = (expected: PutOptions['expected'], found: number | null): boolean =>
  expected === undefined || (expected === 'some' ? found !== null : expected === found);

const isSame = (before: Current, after: SettingInput): boolean =>
  before.description === after.description &&
  before.enabled === after.enabled &&
  before.ownerRole === after.ownerRole &&
  isSameJson(before.body, after.body);

function toNothing(
  rows: readonly { from_kind: SettingKind; from_id: string; place: string; wanted: string; to_id: string; all: string }[],
): SettingsRefusal {
  const missing = rows.map((row) => ({
    from: { kind: row.from_kind, id: row.from_id },
    place: row.place,
    to: { kind: row.wanted, id: row.to_id },
  }));
  return { kind: 'reference to nothing', missing, count: Number(rows[0]?.all) };
}

const keyOf = ({ kind, id }: SettingKey): string => `${kind}/${id}`;
const spaceKeyOf = ({ kind, id }: SettingKey): string => `${spaceOf(kind)}/${id}`;
const kindsOf = (keys: readonly SettingKey[]): string[] => keys.map(({ kind }) => kind);
const idsOf = (keys: readonly SettingKey[]): string[] => keys.map(({ id }) => id);

function* chunksOf<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += CHUNK) yield all.slice(at, at + CHUNK);
}
