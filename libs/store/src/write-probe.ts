import { type Kysely, sql } from 'kysely';
import type { Database } from './database.js';

/** Listing is for checkers of a test run; it is bounded all the same. */
const MAX_LISTED = 1_000_000;

/** Writes whose only purpose is to be read back, by the lab's second writer. */
export class WriteProbeRepository {
  readonly #db: Kysely<Database>;
  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** @returns false when the key is taken. */
  async insert(key: string, epoch: number): Promise<boolean> {
    const { numAffectedRows } =
      await sql`insert into write_probe (key, epoch) values (${key}, ${epoch}) on conflict do nothing`.execute(this.#db);
    return numAffectedRows === 1n;
  }

  async keys(prefix: string): Promise<readonly string[]> {
    const { rows } = await sql<{
      key: string;
    }>`select key from write_probe where starts_with(key, ${prefix}) order by key limit ${MAX_LISTED}`.execute(this.#db);
    return rows.map((row) => row.key);
  }
}
