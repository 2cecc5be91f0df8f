import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildChildPrograms } from '../testing/build.js';
import { asSuperuser, streams } from '../testing/pair.js';
import { A, B, eventually, Testbed, type TestNode } from '../testing/testbed.js';

const root = process.getuid?.() === 0;

/**
 * D12, cause "full disk cleaned up": real servers, the data of `b` on a file system of 256 MB of its own. Whatever a full disk made of it,
 * its data is whole: with room again it comes back by following or by a rewind, never by a base backup.
 */
describe.runIf(root)('a node whose disk was full and has room again', () => {
  let bed: Testbed;
  let a: TestNode;
  let b: TestNode;
  const quiet = () => {};
  const volume = () => join(bed.root, 'b/data');
  const filler = () => join(volume(), 'filler');

  beforeAll(async () => {
    buildChildPrograms();
    bed = await Testbed.open();
    mkdirSync(volume(), { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256m,mode=0755', 'yosugara-spec', volume()]);
    bed.onClose(async () => void execFileSync('umount', ['-l', volume()]));
    [a, b] = await Promise.all([bed.primary(), bed.node('b')]);
    await asSuperuser(a, 'create table t (n int primary key); grant all on t to yosugara_app', 'yosugara');
    await a.postgres.ensureSlot(B);
    await b.postgres.baseBackup(a.peer, quiet);
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
  });
  afterAll(() => bed?.close());

  /** To the last block: what PostgreSQL frees meanwhile is taken, too. */
  const fill = () => execFileSync('sh', ['-c', 'head -c 300M /dev/zero > "$1" 2> /dev/null || true', 'sh', filler()]);
  const clean = () => rmSync(filler());
  /** WAL and nothing else: a table that cannot grow is an error of one statement, WAL that cannot is the end of the server. */
  const flood = async (node: TestNode, megabytes: number) => {
    for (let at = 0; at < megabytes; at++)
      await asSuperuser(node, "select pg_logical_emit_message(true, 'flood', repeat(md5(random()::text), 32768))");
  };
  const rows = async (node: TestNode): Promise<readonly number[]> => {
    const session: pg.Client = await bed.client(node);
    const found = await session.query<{ n: number }>('select n from t order by n');
    await session.end();
    return found.rows.map(({ n }) => n);
  };
  const level = (node: TestNode, expected: readonly number[]) =>
    eventually('the same rows', async () => JSON.stringify(await rows(node)) === JSON.stringify(expected));
  const setAside = () => readdirSync(volume()).filter((name) => name.startsWith('pgdata.'));

  it('as a Standby: it follows, where it was', async () => {
    await asSuperuser(a, 'insert into t values (1)', 'yosugara');
    fill();
    await flood(a, 48);
    await asSuperuser(a, 'insert into t values (2)', 'yosugara');
    await eventually('no room for its WAL: it no longer streams', () => {
      const facts = b.postgres.facts();
      return facts.kind === 'stopped' || (facts.kind === 'standby' && facts.receiver !== 'streaming');
    });
    // What a fence, an operator or the host's own shutdown would do to it meanwhile.
    await b.postgres.stop('kill', 0);
    clean();
    await eventually('stopped', () => b.postgres.facts().kind === 'stopped');
    expect(b.postgres.facts()).toMatchObject({ kind: 'stopped', state: 'standby' });
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
    await level(b, [1, 2]);
    expect(setAside()).toEqual([]);
  });

  it('as a Master: PostgreSQL panics, the other goes on, and a rewind brings it back', async () => {
    // A planned change of Master: `b` leads, `a` follows.
    await a.postgres.stop('fast', 30_000);
    await b.postgres.promote();
    await b.postgres.ensureSlot(A);
    await b.postgres.checkpoint();
    await a.postgres.startStandby(b.peer);
    await streams(b, a);
    await asSuperuser(b, 'insert into t values (3)', 'yosugara');
    await level(a, [1, 2, 3]);

    fill();
    await expect(flood(b, 200)).rejects.toThrow();
    const dead = await eventually('it ended by itself', () => {
      const facts = b.postgres.facts();
      return facts.kind === 'stopped' ? facts : null;
    });
    expect(dead.state).toBe('crashed-primary');
    await a.postgres.promote();
    await a.postgres.ensureSlot(B);
    await a.postgres.checkpoint();
    await asSuperuser(a, 'insert into t values (4)', 'yosugara');

    // Asked too early: it is refused before anything is touched, so the cheap way stays open.
    await expect(b.postgres.rewind(a.peer, quiet)).rejects.toMatchObject({ code: 'DISK_TOO_SMALL' });
    await expect.poll(() => b.postgres.facts()).toMatchObject({ kind: 'stopped', state: 'crashed-primary' });

    clean();
    await b.postgres.rewind(a.peer, quiet);
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
    await level(b, [1, 2, 3, 4]);
    expect(setAside()).toEqual([]);
  });
});
