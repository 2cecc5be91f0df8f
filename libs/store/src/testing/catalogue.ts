import type pg from 'pg';

/** What an older program relies on: tables with their columns, and what refuses rows. */
export interface Catalogue {
  /** By `table.column`. */
  readonly columns: ReadonlyMap<string, { readonly type: string; readonly isRequired: boolean; readonly default: string | null }>;
  /** By `table`: what a row may be refused by, or changed by. */
  readonly rules: ReadonlyMap<string, readonly string[]>;
}

export async function catalogueOf(pool: Pick<pg.Pool, 'query'>): Promise<Catalogue> {
  const { rows } = await pool.query<{ at: string; type: string; required: boolean; default: string | null }>(`
    select format('%s.%s', c.relname, a.attname) as at, format_type(a.atttypid, a.atttypmod) as type,
      a.attnotnull and a.attidentity = '' and a.attgenerated = '' as required, pg_get_expr(d.adbin, d.adrelid) as default
    from pg_attribute a join pg_class c on c.oid = a.attrelid left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v') and a.attnum > 0 and not a.attisdropped`);
  const rules = await pool.query<{ name: string; rule: string }>(`
    select conrelid::regclass::text as name, pg_get_constraintdef(oid) as rule from pg_constraint
      where connamespace = 'public'::regnamespace and conrelid <> 0 and contype <> 'n'
    union all select tgrelid::regclass::text, pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
    union all select indrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index join pg_class c on c.oid = indrelid
      where indisunique and c.relnamespace = 'public'::regnamespace`);
  const byTable = new Map<string, string[]>();
  for (const { name, rule } of rules.rows) byTable.set(name, [...(byTable.get(name) ?? []), rule]);
  return {
    columns: new Map(rows.map(({ at, type, required, default: value }) => [at, { type, isRequired: required, default: value }])),
    rules: byTable,
  };
}

/** What a program made for `before` could stumble over in `after`; empty: it works on. */
export function stumblingBlocks(before: Catalogue, after: Catalogue): readonly string[] {
  const tableOf = (at: string) => at.slice(0, at.lastIndexOf('.'));
  const known = new Set([...before.columns.keys()].map(tableOf));
  const found: string[] = [];
  for (const [at, was] of before.columns) {
    const is = after.columns.get(at);
    if (is === undefined) found.push(`${at} is gone`);
    else if (is.type !== was.type) found.push(`${at} was ${was.type} and is ${is.type}`);
    else if (is.isRequired && !was.isRequired) found.push(`${at} may not be empty any more`);
    else if (is.default === null && was.default !== null) found.push(`${at} has no default any more`);
  }
  for (const [at, is] of after.columns)
    if (known.has(tableOf(at)) && !before.columns.has(at) && is.isRequired && is.default === null)
      found.push(`${at} is new, may not be empty and has no default`);
  for (const [table, rules] of after.rules)
    if (known.has(table)) {
      const had = before.rules.get(table) ?? [];
      found.push(...rules.filter((rule) => !had.includes(rule)).map((rule) => `${table} refuses more: ${rule}`));
    }
  return found;
}
