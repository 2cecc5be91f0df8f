import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Log, parseLsn, SILENT_LOG } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';
import { freePort } from '@yosugara/testkit';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPostgresHost } from '../postgres/host.js';
import { DATABASE, REPLICATION_ROLE, secret } from '../postgres/secrets.js';
import { hbaFile } from '../postgres/settings.js';
import { buildChildPrograms } from '../testing/build.js';
import { asSuperuser, streams } from '../testing/pair.js';
import { withCopy } from '../testing/site.js';
import { B, CLOCK, eventually, Testbed, type TestNode } from '../testing/testbed.js';

const LOOK_MS = 30_000;
/** As messages are: words that come again, and numbers. */
const TEXT = `insert into t select format('disk %s of host%s is at %s %%', n * 7919, n % 40, n % 97) from generate_series(1, 100000) n`;
/** Packed it is nearly as large. */
const NOISE = `insert into t select string_agg(md5(random()::text), '') from generate_series(1, 400000) n group by n / 20`;

describe('a copy in another site whose line is packed', () => {
  let bed: Testbed;
  let a: TestNode;
  let b: TestNode;
  const carried: { readonly bytes: number; readonly packedBytes: number }[] = [];
  const log: Log = {
    ...SILENT_LOG,
    info: (event, fields) => {
      if (event === 'line.carried') carried.push(fields as never);
    },
  };

  beforeAll(async () => {
    buildChildPrograms();
    bed = await Testbed.open({ tls: true });
    const line = await freePort();
    // The Master goes by no packed line itself: that others come by one is theirs to say.
    a = await bed.primary({ config: withCopy(bed.config('a'), {}, line) });
    b = await bed.node('b', { config: withCopy(bed.config('b'), { packed: true }, line) });
    await again({ packed: true });
    await asSuperuser(a, 'create table t (text text)', 'yosugara');
    await asSuperuser(a, 'alter system set log_connections = on');
    await asSuperuser(a, 'select pg_reload_conf()');
    await a.postgres.ensureSlot(B);
  });
  afterAll(() => bed.close());

  /** As after a restart of its controller. */
  const again = async (dr: Partial<NodeConfig['dr']>) => {
    await b.postgres.close();
    const config = { ...b.config, dr: { ...b.config.dr, ...dr } };
    const postgres = createPostgresHost({ config, deadMan: b.deadMan, log, clock: CLOCK, probeDeadlineMs: LOOK_MS });
    bed.onClose(() => postgres.close());
    b = { ...b, config, postgres };
  };
  const lsnOf = async (node: TestNode, what: string): Promise<number> =>
    parseLsn((await asSuperuser(node, `select ${what}::text as lsn`)).rows[0].lsn);
  const receivedBy = (node: TestNode) => lsnOf(node, 'pg_last_wal_receive_lsn()');
  const writtenBy = (node: TestNode) => lsnOf(node, 'pg_current_wal_flush_lsn()');
  const logOf = (node: TestNode) => readFileSync(join(node.config.stateDir, 'logs/postgres.log'), 'utf8');
  const catchesUp = async () => {
    const written = await writtenBy(a);
    await eventually('the copy has all of it', async () => (await receivedBy(b)) >= written);
  };

  it('is made and follows by it: no WAL comes by PostgreSQL’s own port', async () => {
    await eventually('the copy is made', () => b.postgres.baseBackup(a.peer, () => {}).then(() => true));
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
    await catchesUp();
    const came = logOf(a)
      .split('\n')
      .filter((line) => line.includes('replication connection authorized'));
    const ofName = (name: string) => came.filter((line) => line.includes(`application_name=${name}`)).length;
    expect([ofName('copy_for_b'), ofName('yosugara_b')].every((times) => times > 0)).toBe(true);
    expect(came.filter((line) => line.includes('SSL'))).toEqual([]);
  });

  it('says whom it follows', async () => {
    await eventually('it says so', () => {
      const facts = b.postgres.facts();
      return facts.kind === 'standby' && facts.follows === a.peer.node && facts.receiver === 'streaming';
    });
  });

  it('is rewound by it, too: the database itself is reached, with the password as ever', async () => {
    const session = (password: string) =>
      new pg.Client({
        host: join(b.config.dataDir!, 'run/to-a'),
        port: b.config.ports.postgres,
        ...{ user: REPLICATION_ROLE, database: DATABASE, password },
      });
    const let_in = session(secret(b.config, 'postgresReplication'));
    await let_in.connect();
    expect((await let_in.query('select pg_is_in_recovery() as copy')).rows).toEqual([{ copy: false }]);
    await let_in.end();
    await expect(session('guessed').connect()).rejects.toMatchObject({ code: '28P01' });
  });

  it('takes a third of the line, or less, of what is written as messages are', async () => {
    await asSuperuser(a, TEXT, 'yosugara');
    await catchesUp();
    carried.length = 0;
    // A line that is over says what it carried.
    await asSuperuser(a, `select pg_terminate_backend(pid) from pg_stat_replication`);
    const { bytes, packedBytes } = await eventually('it says so', () => carried.find((each) => each.bytes > 5_000_000));
    expect(packedBytes).toBeLessThan(bytes / 3);
  });

  it('keeps no Master from stopping in order where the line is too narrow, for nobody waits for it', async () => {
    await again({ packed: true, lineMbit: 1 });
    await b.postgres.startStandby(a.peer).catch(() => {});
    await streams(a, b);
    await asSuperuser(a, NOISE, 'yosugara');
    expect(await receivedBy(b)).toBeLessThan((await writtenBy(a)) - 5_000_000);
    await a.postgres.stop('fast', 60_000);
    const stopped = await eventually('it is seen stopped', () => {
      const facts = a.postgres.facts();
      return facts.kind === 'stopped' ? facts : null;
    });
    expect(stopped.state).toBe('clean-primary');
    expect(logOf(a)).not.toContain('received immediate shutdown request');
    expect(await receivedBy(b)).toBeLessThan(stopped.walEnd - 5_000_000);
  });
});

it('opens pg_hba.conf for a line to another site only where there is one', async () => {
  const bed = await Testbed.open({ tls: true });
  try {
    const local = /^local replication,yosugara yosugara_replication {2}scram-sha-256$/m;
    expect(hbaFile(bed.config('a'), new Set())).not.toMatch(local);
    expect(hbaFile(withCopy(bed.config('a'), {}, 7949), new Set())).toMatch(local);
    expect(hbaFile(withCopy(bed.config('b'), {}, 7949), new Set())).toMatch(local);
  } finally {
    await bed.close();
  }
});
