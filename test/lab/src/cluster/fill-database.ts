import { tryRun } from '../host/shell.js';
import type { LabCluster } from './cluster.js';
import { rolesOf } from './roles.js';
import { query } from './sql.js';

/** Rows of a kilobyte that do not compress, until the database has that size. */
export async function fillDatabase(cluster: LabCluster, bytes: number): Promise<void> {
  const { master } = rolesOf(await cluster.waitHealthy(30_000));
  await cluster.sql(master, 'CREATE TABLE IF NOT EXISTS lab_bulk (key bigint, filler text)');
  const rows = 50_000;
  const filler = "(SELECT string_agg(md5(random()::text || n), '') FROM generate_series(1, 31) AS n)";
  for (let done = 0; done < bytes; done += rows * 1024)
    await query(
      cluster.superuser(master),
      `INSERT INTO lab_bulk SELECT i, x.f FROM generate_series(1, ${rows}) AS i, LATERAL (SELECT ${filler} AS f WHERE i > 0) AS x`,
      120_000,
    );
  await query(cluster.superuser(master), 'CHECKPOINT', 120_000);
  // All hosts are on one disk here: what a copy is measured by must not be the kernel's writing of these bytes.
  await tryRun('sync', [], 120_000);
  await cluster.waitHealthy(60_000);
}
