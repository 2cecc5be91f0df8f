import { YosugaraError } from '@yosugara/kernel';
import { type Kysely, sql } from 'kysely';
import type { ClientBase } from 'pg';
import type { Database } from './database.js';
import * as secretKeys from './migrations/0030-secret-keys.js';
import * as runsAtFirst from './migrations/0034-runs-at-first.js';
import * as lateByContent from './migrations/0036-late-by-content.js';
import * as inventory from './migrations/0039-inventory.js';

export class MigrationError extends YosugaraError {
  override readonly name = 'MigrationError';
  constructor(step: string, cause: unknown) {
    super('MIGRATION_FAILED', `database migration ${step} failed; nothing of it was kept`, { cause });
  }
}

/** A newer program has taken away what this one reads or writes. */
export class SchemaTooNewError extends YosugaraError {
  override readonly name = 'SchemaTooNewError';
  constructor(steps: readonly string[], level: number) {
    const what = `the database was brought to level ${level} by a newer version (${steps.join(', ')})`;
    super('SCHEMA_TOO_NEW', `${what}: this version cannot work with it; install the one that the cluster was upgraded to`);
  }
}

/**
 * One change of the schema after the first level's (docs/decisions/0033-levels-and-steps.md). While two versions work side by side the
 * older one goes on with the schema of the newer one, so a change comes in two parts:
 *
 * `expand` adds only: tables, columns that may be empty or have a default, indexes that refuse nothing. The first Master of the new
 * version does it. `contract` takes away or narrows what nothing of its level needs any more: only when the cluster is at that level
 * (`yosugara upgrade finish`), from where no older version comes back.
 */
export interface LaterStep {
  readonly kind: 'expand' | 'contract';
  /** The cluster's level (libs/protocol, level.ts) that it belongs to. */
  readonly level: number;
  readonly up: (db: Kysely<unknown>) => Promise<void>;
}
export type LaterSteps = Readonly<Record<string, LaterStep>>;

export const expanding = (level: number, { up }: Pick<LaterStep, 'up'>): LaterStep => ({ kind: 'expand', level, up });
export const contracting = (level: number, { up }: Pick<LaterStep, 'up'>): LaterStep => ({ kind: 'contract', level, up });

/** In the order of their names. A new one is a file in migrations/ and a line here; later-steps.spec.ts looks at what it changes. */
export const LATER_STEPS: LaterSteps = {
  '0030-secret-keys': expanding(2, secretKeys),
  '0034-runs-at-first': expanding(2, runsAtFirst),
  '0036-late-by-content': expanding(2, lateByContent),
  '0039-inventory': expanding(2, inventory),
};

/** Of its own, and not Kysely's: there an older program would take a step that it does not know for damage. */
const TABLE = 'schema_step';
/** Any number that nobody else locks by. */
const LOCK = 7_392_018_855;

interface DoneStep {
  readonly name: string;
  readonly kind: string;
  readonly level: number;
}

/** @throws where the table is missing: nothing of a later level was done. */
export async function areLaterDone(client: Pick<ClientBase, 'query'>, steps: LaterSteps): Promise<boolean> {
  const { rows } = await client.query<DoneStep>(`select name, kind, level from ${TABLE}`);
  const names = new Set(rows.map(({ name }) => name));
  const wanted = Object.keys(steps).filter((name) => steps[name]!.kind === 'expand');
  return wanted.every((name) => names.has(name)) && tooNew(rows, steps).length === 0;
}

/** Does every expanding step that is missing, in one transaction. @returns their names. @throws MigrationError, SchemaTooNewError */
export const expand = async (db: Kysely<Database>, steps: LaterSteps = LATER_STEPS): Promise<readonly string[]> =>
  await db.transaction().execute(async (trx) => await doSteps(trx, steps, ({ kind }) => kind === 'expand'));

/**
 * Does every contracting step through `level` that is missing: only of a cluster that is at that level.
 * @param db within a transaction. @returns their names. @throws MigrationError, SchemaTooNewError
 */
export const contractWithin = async (
  db: Kysely<Database>,
  level: number,
  steps: LaterSteps = LATER_STEPS,
): Promise<readonly string[]> => await doSteps(db, steps, (step) => step.kind === 'contract' && step.level <= level);

/** Are there contracting steps through that level at all? */
export const contracts = (level: number, steps: LaterSteps = LATER_STEPS): boolean =>
  Object.values(steps).some((step) => step.kind === 'contract' && step.level <= level);

async function doSteps(
  db: Kysely<Database>,
  steps: LaterSteps,
  isWanted: (step: LaterStep) => boolean,
): Promise<readonly string[]> {
  let at = '(start)';
  try {
    await sql`select pg_advisory_xact_lock(${LOCK})`.execute(db);
    const done = await doneSteps(db);
    demandKnown(done, steps);
    const names = new Set(done.map(({ name }) => name));
    const missing = Object.entries(steps).filter(([name, step]) => isWanted(step) && !names.has(name));
    for (const [name, { kind, level, up }] of missing.sort(([one], [other]) => (one < other ? -1 : 1))) {
      at = name;
      await up(db as unknown as Kysely<unknown>);
      await sql`insert into ${sql.table(TABLE)} (name, kind, level) values (${name}, ${kind}, ${level})`.execute(db);
    }
    return missing.map(([name]) => name);
  } catch (error) {
    if (error instanceof SchemaTooNewError) throw error;
    throw new MigrationError(at, error);
  }
}

function demandKnown(done: readonly DoneStep[], steps: LaterSteps): void {
  const beyond = tooNew(done, steps);
  if (beyond.length === 0) return;
  const names = beyond.map(({ name }) => name);
  throw new SchemaTooNewError(names, Math.max(...beyond.map(({ level }) => level)));
}

async function doneSteps(db: Kysely<Database>): Promise<readonly DoneStep[]> {
  const { rows } = await sql<{ there: boolean }>`select to_regclass(${TABLE}) is not null as there`.execute(db);
  if (rows[0]?.there !== true)
    await sql`create table ${sql.table(TABLE)} (
      name text primary key, kind text not null, level integer not null, at timestamptz not null default clock_timestamp()
    )`.execute(db);
  return (await sql<DoneStep>`select name, kind, level from ${sql.table(TABLE)}`.execute(db)).rows;
}

/** Of a newer program, and taking away: what an unknown one adds does not matter. */
const tooNew = (done: readonly DoneStep[], steps: LaterSteps): readonly DoneStep[] =>
  done.filter(({ name, kind }) => kind !== 'expand' && steps[name] === undefined);
