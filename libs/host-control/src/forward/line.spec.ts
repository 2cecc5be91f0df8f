import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseLsn, SILENT_LOG } from '@yosugara/kernel';
import { freePort } from '@yosugara/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPostgresHost } from '../postgres/host.js';
import { buildChildPrograms } from '../testing/build.js';
import { asSuperuser, streams } from '../testing/pair.js';
import { withCopy } from '../testing/site.js';
import { B, CLOCK, eventually, Testbed, type TestNode } from '../testing/testbed.js';
import { BURST_MS } from './line-bucket.js';

/** Wide enough for a copy of a new database at once, and for what is written here within seconds. */
const [WIDE_MBIT, MBIT] = [1_000, 80];
/** Hardly anything of what is written here gets through. */
const NARROW_MBIT = 1;
const LOOK_MS = 30_000;
const bytesIn = (ms: number) => Math.ceil(MBIT * 125 * (ms + BURST_MS));
const TEXT = `insert into t select md5(n::text) || md5((-n)::text) from generate_series(1, 130000) n`;

describe('a copy in another site whose line is bounded', () => {
  let bed: Testbed;
  let a: TestNode;
  let b: TestNode;

  beforeAll(async () => {
    buildChildPrograms();
    bed = await Testbed.open({ tls: true });
    const line = await freePort();
    [a, b] = await Promise.all([
      bed.primary({ config: withCopy(bed.config('a'), {}, line) }),
      bed.node('b', { config: withCopy(bed.config('b'), { lineMbit: WIDE_MBIT }, line) }),
    ]);
    await asSuperuser(a, 'create table t (text text)', 'yosugara');
    await asSuperuser(a, 'alter system set log_connections = on');
    await asSuperuser(a, 'select pg_reload_conf()');
    await a.postgres.ensureSlot(B);
  });
  afterAll(() => bed.close());

  const lsnOf = async (node: TestNode, what: string): Promise<number> =>
    parseLsn((await asSuperuser(node, `select ${what}::text as lsn`)).rows[0].lsn);
  const receivedBy = (node: TestNode) => lsnOf(node, 'pg_last_wal_receive_lsn()');
  const writtenBy = (node: TestNode) => lsnOf(node, 'pg_current_wal_flush_lsn()');
  const logOf = (node: TestNode) => readFileSync(join(node.config.stateDir, 'logs/postgres.log'), 'utf8');
  const wasForced = () => logOf(a).includes('received immediate shutdown request');
  /** Addresses that a replication connection of that name came from. */
  const came = (name: string): readonly (string | undefined)[] => {
    const log = logOf(a);
    const from = new Map([...log.matchAll(/\[(\d+)\] .*connection received: host=(\S+)/g)].map(([, pid, host]) => [pid, host]));
    const named = log.matchAll(
      new RegExp(`\\[(\\d+)\\] .*replication connection authorized: .*application_name=${name} SSL enabled`, 'g'),
    );
    return [...new Set([...named].map(([, pid]) => from.get(pid)))];
  };
  const sender = async (): Promise<number | undefined> =>
    (await asSuperuser(a, `select pid from pg_stat_replication where application_name = 'yosugara_b'`)).rows[0]?.pid;
  /** With another bound, as after a restart of its controller; it is connected again. */
  const boundedTo = async (lineMbit: number) => {
    const before = await sender();
    await b.postgres.close();
    const config = { ...b.config, dr: { ...b.config.dr, lineMbit } };
    // What runs is told its part only when a look says what it is: on a machine of others that one may take long.
    const postgres = createPostgresHost({ config, deadMan: b.deadMan, log: SILENT_LOG, clock: CLOCK, probeDeadlineMs: LOOK_MS });
    bed.onClose(() => postgres.close());
    b = { ...b, config, postgres };
    await postgres.startStandby(a.peer);
    await eventually('another connection', async () => ![undefined, before].includes(await sender()));
  };

  it('comes through the forwarder of its host, with its own address, as pg_hba.conf wants it; encrypted, and first with its copy', async () => {
    await b.postgres.baseBackup(a.peer, () => {});
    expect(came('copy_for_b')).toEqual([b.peer.address]);
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
    expect(came('yosugara_b')).toEqual([b.peer.address]);
  });

  it('says whom it follows by the Master’s address, not by the forwarder’s', async () => {
    await eventually('it says so', () => {
      const facts = b.postgres.facts();
      return facts.kind === 'standby' && facts.follows === a.peer.node && facts.receiver === 'streaming';
    });
  });

  it('gets no more WAL at any time than the bound lets it, and gets all of it', async () => {
    await boundedTo(MBIT);
    await streams(a, b);
    const rested = await writtenBy(a);
    await eventually('the copy has what there is', async () => (await receivedBy(b)) >= rested);
    const beganMs = performance.now();
    const from = await receivedBy(b);
    await asSuperuser(a, TEXT, 'yosugara');
    const written = await writtenBy(a);
    expect(written - from).toBeGreaterThan(10_000_000);
    let tooMuch = 0;
    await eventually('the copy has all of it', async () => {
      const received = await receivedBy(b);
      tooMuch = Math.max(tooMuch, received - from - bytesIn(performance.now() - beganMs));
      return received >= written;
    });
    expect(tooMuch).toBe(0);
  });

  it('follows again when its forwarder is another one, and is behind on a line that is too narrow', async () => {
    await boundedTo(NARROW_MBIT);
    await asSuperuser(a, TEXT, 'yosugara');
    // Fifteen megabytes and more, at 125 kB a second.
    expect(await receivedBy(b)).toBeLessThan((await writtenBy(a)) - 5_000_000);
  });

  it('keeps no Master from stopping in order, for nobody waits for it', async () => {
    await a.postgres.stop('fast', 60_000);
    const stopped = await eventually('it is seen stopped', () => {
      const facts = a.postgres.facts();
      return facts.kind === 'stopped' ? facts : null;
    });
    expect(stopped.state).toBe('clean-primary');
    expect(wasForced(), 'at the end of its time').toBe(false);
    const log = logOf(a);
    expect(log.slice(log.lastIndexOf('received fast shutdown request'))).not.toContain('replication timeout');
    expect(await receivedBy(b)).toBeLessThan(stopped.walEnd - 5_000_000);
  });

  it('catches up when the Master is back and the line is wider', async () => {
    await a.postgres.startPrimary([]);
    await boundedTo(MBIT);
    const written = await writtenBy(a);
    await eventually('it has everything', async () => (await receivedBy(b)) >= written);
  });

  it('is waited for while commits wait for it', async () => {
    await boundedTo(NARROW_MBIT);
    await asSuperuser(a, TEXT, 'yosugara');
    await eventually('commits wait for it', () => a.postgres.setNames([B]).then(() => true));
    await a.postgres.stop('fast', 2_000);
    expect(wasForced()).toBe(true);
  });
});
