import { type Kysely, sql } from 'kysely';

/**
 * The transaction that wrote a run of a job as every run begins; empty for any other. Whoever changes the row leaves another `xmin` in it,
 * also a version of this program that does not know the column: so where the two are alike the row need not be read to be known.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table job_run add column first_written_by xid`.execute(db);
}
