import type { MibNode, MibProblem } from '@yosugara/operations';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Database, MibState } from './database.js';

export type { MibState } from './database.js';

/** One module of an upload. */
export interface MibSource {
  readonly name: string;
  /** The file it was in. */
  readonly file: string;
  /** Where it begins there. */
  readonly firstLine: number;
  readonly source: string;
}

export interface MibToPut extends MibSource {
  /** SHA-256 of the source. */
  readonly digest: Buffer;
  /** Modules that its IMPORTS name, also those that are built in. */
  readonly imports: readonly string[];
}

/** What a module was compiled into. */
export interface MibObjects {
  /** Of the nodes: equal digests, equal nodes. */
  readonly digest: Buffer;
  readonly nodes: readonly MibNode[];
}

export interface MibSummary {
  readonly name: string;
  readonly file: string;
  readonly firstLine: number;
  readonly bytes: number;
  readonly digest: Buffer;
  readonly imports: readonly string[];
  readonly uploadedBy: string;
  readonly uploadedAt: Date;
  readonly state: MibState;
  readonly missing: readonly string[];
  readonly problems: readonly Omit<MibProblem, 'file'>[];
  readonly objects: number;
  readonly notifications: number;
}

export interface MibVersion {
  readonly wanted: number;
  readonly compiled: number;
  readonly compiler: number;
}

/** What became of one module. */
export interface MibResult {
  readonly name: string;
  readonly state: MibState;
  readonly missing: readonly string[];
  readonly problems: readonly Omit<MibProblem, 'file'>[];
  /** Of `objects`; the same as stored: they are not written again. */
  readonly objectsDigest: Buffer;
  /** JSON: a list of `MibNode`. */
  readonly objects: string;
}

export type MibPut =
  | { readonly kind: 'put'; readonly wanted: number }
  | { readonly kind: 'full'; readonly bytes: number; readonly modules: number };
export type MibRemoval =
  | { readonly kind: 'removed'; readonly wanted: number }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'imported'; readonly by: readonly string[] };

/** MIB modules, and the names that they compile into. */
export class MibRepository {
  readonly #db: Kysely<Database>;
  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  async version(): Promise<MibVersion> {
    const { wanted, compiled, compiler } = await this.#db.selectFrom('mib_set').selectAll().executeTakeFirstOrThrow();
    return { wanted: Number(wanted), compiled: Number(compiled), compiler };
  }

  /** By name. @param names default: all. */
  async list(names?: readonly string[]): Promise<readonly MibSummary[]> {
    const only = names === undefined ? sql`true` : sql`m.name = any(${[...names]}::text[])`;
    const { rows } = await sql<
      Omit<MibSummary, 'bytes' | 'objects' | 'notifications'> & Record<'bytes' | 'objects' | 'notifications', string>
    >`
      select m.name, m.file, m.first_line as "firstLine", octet_length(m.source) as bytes, m.digest, m.imports, m.uploaded_by as "uploadedBy",
        m.uploaded_at as "uploadedAt", m.state, m.missing, m.problems, coalesce(o.objects, 0) as objects, coalesce(o.notifications, 0) as notifications
      from mib_module m left join (
        select module, count(*) as objects, count(*) filter (where kind in ('notification', 'trap')) as notifications from mib_object group by module
      ) o on o.module = m.name
      where ${only} order by m.name`.execute(this.#db);
    return rows.map((row) => ({
      ...row,
      ...{ bytes: Number(row.bytes), objects: Number(row.objects), notifications: Number(row.notifications) },
    }));
  }

  /** Names of those whose IMPORTS name it. */
  async importersOf(name: string): Promise<readonly string[]> {
    const { rows } = await sql<{ name: string }>`
      select name from mib_module where ${name}::text = any(imports) and name <> ${name} order by name`.execute(this.#db);
    return rows.map((row) => row.name);
  }

  async sources(): Promise<readonly MibSource[]> {
    return await this.#db
      .selectFrom('mib_module')
      .select(['name', 'file', 'first_line as firstLine', 'source'])
      .orderBy('name')
      .execute();
  }

  async source(name: string): Promise<string | null> {
    const found = await this.#db.selectFrom('mib_module').select('source').where('name', '=', name).executeTakeFirst();
    return found?.source ?? null;
  }

  /** Puts modules in, or in the place of those of their names; nothing of it when all together would be more than that. */
  async put(
    modules: readonly MibToPut[],
    by: string,
    most: { readonly bytes: number; readonly modules: number },
  ): Promise<MibPut> {
    const wanted = await this.#wantMore();
    for (const { name, file, firstLine, source, digest, imports } of modules)
      await sql`
        insert into mib_module (name, file, first_line, source, digest, imports, uploaded_by)
        values (${name}, ${file}, ${firstLine}, ${source}, ${digest}, ${[...imports]}::text[], ${by})
        on conflict (name) do update set file = excluded.file, first_line = excluded.first_line, source = excluded.source, digest = excluded.digest,
          imports = excluded.imports, uploaded_by = excluded.uploaded_by, uploaded_at = excluded.uploaded_at, state = 'compiling',
          problems = '[]', missing = '{}'`.execute(this.#db);
    const { rows } = await sql<{ bytes: string; modules: string }>`
      select coalesce(sum(octet_length(source)), 0) as bytes, count(*) as modules from mib_module`.execute(this.#db);
    const [bytes, count] = [Number(rows[0]?.bytes), Number(rows[0]?.modules)];
    return bytes > most.bytes || count > most.modules ? { kind: 'full', bytes, modules: count } : { kind: 'put', wanted };
  }

  async remove(name: string): Promise<MibRemoval> {
    const wanted = await this.#wantMore();
    const by = await this.importersOf(name);
    if (by.length > 0) return { kind: 'imported', by };
    const { numDeletedRows } = await this.#db.deleteFrom('mib_module').where('name', '=', name).executeTakeFirstOrThrow();
    return numDeletedRows === 0n ? { kind: 'unknown' } : { kind: 'removed', wanted };
  }

  /** What each module's objects are, so that only those that changed are read or written. */
  async objectDigests(): Promise<ReadonlyMap<string, Buffer>> {
    const rows = await this.#db.selectFrom('mib_module').select(['name', 'objects_digest']).execute();
    return new Map(
      rows.flatMap(({ name, objects_digest }) => (objects_digest === null ? [] : [[name, objects_digest] as const])),
    );
  }

  /**
   * Of those that are compiled; without descriptions, which are long. Digest and objects are of one moment: a module that is deleted and comes
   * again meanwhile has the same digest as before.
   */
  async objects(modules: readonly string[]): Promise<ReadonlyMap<string, MibObjects>> {
    const { rows } = await sql<{ readonly of: string; readonly digest: Buffer } & (MibNode | { readonly oid: null })>`
      select m.name as of, m.objects_digest as digest, o.oid, o.name, o.module, o.kind, o.type, o.objects, o.units, null as description
      from mib_module m left join mib_object o on o.module = m.name
      where m.name = any(${[...modules]}::text[]) and m.objects_digest is not null`.execute(this.#db);
    const found = new Map<string, { readonly digest: Buffer; readonly nodes: MibNode[] }>();
    for (const { of, digest, ...node } of rows) {
      const one = found.get(of) ?? { digest, nodes: [] };
      found.set(of, one);
      if (node.oid !== null) one.nodes.push(node);
    }
    return found;
  }

  async notificationsOf(
    module: string,
    limit: number,
  ): Promise<readonly Pick<MibNode, 'oid' | 'name' | 'objects' | 'description'>[]> {
    return await this.#db
      .selectFrom('mib_object')
      .select(['oid', 'name', 'objects', 'description'])
      .where('module', '=', module)
      .where('kind', 'in', ['notification', 'trap'])
      .orderBy('name')
      .limit(limit)
      .execute();
  }

  async descriptionOf(module: string, oid: string): Promise<string | null> {
    const found = await this.#db
      .selectFrom('mib_object')
      .select('description')
      .where('module', '=', module)
      .where('oid', '=', oid)
      .executeTakeFirst();
    return found?.description ?? null;
  }

  /** @returns false: modules changed since `wanted`, and nothing was written. */
  async storeResults(wanted: number, results: readonly MibResult[]): Promise<boolean> {
    if (!(await this.#isStill(wanted))) return false;
    const before = await this.objectDigests();
    for (const { name, state, missing, problems, objectsDigest, objects } of results) {
      await sql`
        update mib_module set state = ${state}, missing = ${[...missing]}::text[], problems = ${JSON.stringify(problems)}::jsonb,
          objects_digest = ${objectsDigest} where name = ${name}`.execute(this.#db);
      if (before.get(name)?.equals(objectsDigest) === true) continue;
      await this.#db.deleteFrom('mib_object').where('module', '=', name).execute();
      await sql`
        insert into mib_object (module, oid, name, kind, type, objects, units, description)
        select ${name}::text, oid, name, kind, type, array(select jsonb_array_elements_text(objects)), units, description
        from jsonb_to_recordset(${objects}::jsonb) as o(oid text, name text, kind text, type jsonb, objects jsonb, units text, description text)`.execute(
        this.#db,
      );
    }
    return true;
  }

  /** Every module's results are stored. @returns false: modules changed since `wanted`. */
  async finish(wanted: number, compiler: number): Promise<boolean> {
    if (!(await this.#isStill(wanted))) return false;
    await sql`update mib_set set compiled = ${wanted}::bigint, compiler = ${compiler}::integer`.execute(this.#db);
    return true;
  }

  /** Locks out other changes until the transaction ends. */
  async #wantMore(): Promise<number> {
    const { rows } = await sql<{ wanted: string }>`update mib_set set wanted = wanted + 1 returning wanted`.execute(this.#db);
    return Number(rows[0]?.wanted);
  }

  async #isStill(wanted: number): Promise<boolean> {
    const { rows } = await sql<{ wanted: string }>`select wanted from mib_set for update`.execute(this.#db);
    return Number(rows[0]?.wanted) === wanted;
  }
}
