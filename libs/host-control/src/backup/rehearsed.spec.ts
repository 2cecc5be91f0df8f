import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asSuperuser, openPair, streams } from '../testing/pair.js';
import { eventually, type Testbed, type TestNode } from '../testing/testbed.js';
import { rehearse } from './rehearsed.js';

describe('the promotion of a copy, rehearsed', () => {
  let bed: Testbed;
  let a: TestNode;
  let b: TestNode;
  const quiet = () => {};
  /** null: the table itself is not there yet. */
  const rows = async (node: TestNode): Promise<number | null> => {
    const found = await asSuperuser(node, `select to_regclass('kept') is not null as there`, 'yosugara');
    if (!found.rows[0]?.there) return null;
    return (await asSuperuser(node, 'select count(*)::int as n from kept', 'yosugara')).rows[0]?.n;
  };
  const scratch = () => join(b.config.dataDir!, 'drill-1');

  beforeAll(async () => {
    ({ bed, a, b } = await openPair({ tls: true }));
    await b.postgres.baseBackup(a.peer, quiet);
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
    await asSuperuser(a, 'create table kept as select n from generate_series(1, 500) n', 'yosugara');
    await eventually('they are there', async () => (await rows(b)) === 500);
  });
  afterAll(() => bed.close());

  it('is of a fork on a timeline of its own, that has what the copy has; the copy follows on, and nothing is left', async () => {
    const done = await rehearse(b.config, scratch(), quiet);
    expect(done).toMatchObject({ before: { isStreaming: true }, after: { isStreaming: true } });
    expect(done.timeline).toBe(2);
    expect(done.tables).toContainEqual({ name: 'public.kept', rows: 500 });
    expect(done.committedAt).not.toBeNull();
    expect(readdirSync(b.config.dataDir!).filter((name) => name.startsWith('drill'))).toEqual([]);
    await asSuperuser(a, 'insert into kept values (501)', 'yosugara');
    await eventually('it is there, too', async () => (await rows(b)) === 501);
    await expect.poll(() => b.postgres.facts()).toMatchObject({ kind: 'standby', timeline: 1 });
    // Neither a slot nor a session of it is left at the copy or at the Master.
    for (const node of [a, b])
      expect((await asSuperuser(node, `select from pg_replication_slots where temporary`)).rows, node.peer.node).toEqual([]);
  });

  it('is refused where nothing follows', async () => {
    await expect(rehearse(a.config, join(a.config.dataDir!, 'drill-1'), quiet)).rejects.toMatchObject({
      code: 'RESTORE_FAILED',
      message: 'the PostgreSQL of this node follows nobody: it is no copy',
    });
  });
});
