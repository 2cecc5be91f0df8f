import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asSuperuser, openPair, streams } from '../testing/pair.js';
import { eventually, type Testbed, type TestNode } from '../testing/testbed.js';

/** R11 on real servers: the Standby was promoted by hand, the Master went on, and an operator gives up what the Standby wrote. */
describe('a Standby that somebody promoted by hand', () => {
  let bed: Testbed;
  let a: TestNode;
  let b: TestNode;
  let client: pg.Client;
  const quiet = () => {};

  beforeAll(async () => {
    ({ bed, a, b, client } = await openPair());
    await b.postgres.baseBackup(a.peer, quiet);
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
  });
  afterAll(() => bed.close());

  it('takes no writes of clients, and is back on the Master’s timeline after one rewind, with nothing left of its own', async () => {
    await asSuperuser(b, 'select pg_promote(true, 60)', 'yosugara');
    const own = await bed.client(b);
    await expect(own.query('insert into t values (7)')).rejects.toThrow(/read-only transaction/);
    await asSuperuser(b, 'begin read write; create table only_here (n int); commit', 'yosugara');
    const seen = await eventually('seen as a primary', () => {
      const facts = b.postgres.facts();
      return facts.kind === 'primary' ? facts : null;
    });
    expect(seen.timeline).toBe(2);
    const { forkLsn } = seen.forks.at(-1)!;
    await client.query('insert into t values (1)');
    await b.postgres.stop('fast', 30_000);
    const done = await b.postgres.rewind(a.peer, quiet);
    expect(done.discarded).toMatchObject({ from: forkLsn, timeline: 2 });
    const facts = await eventually('looked at', () => {
      const seen = b.postgres.facts();
      return seen.kind === 'stopped' ? seen : null;
    });
    expect(facts.timeline).toBe(1);
    const wal = readdirSync(join(b.config.dataDir!, 'pgdata/pg_wal'));
    expect(wal.filter((name) => name.startsWith('00000002'))).toEqual([]);
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
    await eventually('the same rows', async () => {
      const session = await bed.client(b);
      const { rows } = await session.query("select (select count(*)::int from t) as n, to_regclass('only_here') as gone");
      await session.end();
      return rows[0].n === 1 && rows[0].gone === null;
    });
  });
});
