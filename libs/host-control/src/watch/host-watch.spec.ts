import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SILENT_LOG } from '@yosugara/kernel';
import { type NodeConfig, NodeConfigSchema } from '@yosugara/protocol';
import type { HostWatch } from '@yosugara/runtime';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { postgresAccount } from '../os/account.js';
import { buildChildPrograms } from '../testing/build.js';
import { eventually } from '../testing/testbed.js';
import { type WatchInside, watchInside } from '../testing/watch-inside.js';
import { startHostWatch } from './host-watch.js';
import { keepLogsSmall } from './logs.js';

const MIB = 1024 * 1024;
const LOOK_EVERY_MS = 60;
const { uid, gid } = postgresAccount('postgres');
const root = process.getuid!() === 0;

let folder: string;
let watch: HostWatch | WatchInside | null;
beforeAll(buildChildPrograms);
beforeEach(() => {
  watch = null;
  folder = mkdtempSync(join(tmpdir(), 'yosugara-watch-'));
  chmodSync(folder, 0o755);
});
afterEach(async () => {
  await watch?.close();
  rmSync(folder, { recursive: true, force: true });
});

function config(disks: Partial<NodeConfig['disks']> = {}): NodeConfig {
  for (const name of ['data', 'state']) mkdirSync(join(folder, name), { recursive: true });
  execFileSync('chown', [`${uid}:${gid}`, join(folder, 'data')]);
  const member = (id: string, kind: 'data' | 'witness') => ({ id, kind, address: '127.0.2.1', peerId: id });
  return NodeConfigSchema.parse({
    cluster: { id: 'watch-spec', members: [member('a', 'data'), member('b', 'data'), member('w', 'witness')] },
    node: 'a',
    stateDir: join(folder, 'state'),
    dataDir: join(folder, 'data'),
    disks: { ballastMb: 0, ...disks },
  });
}

const unfit = (says: string) => eventually(says, () => (watch!.facts().unfit?.includes(says) === true ? watch!.facts() : null));
/** Each volume was looked at: what vanishes before the first look was never there. */
const fit = () => eventually('fit', () => watch!.facts().unfit === null && watch!.facts().disks.length >= 2);
const disk = (name: string) => watch!.facts().disks.find((found) => found.name === name);

describe('the watch over a host’s volumes', () => {
  it('tells how much room there is, and leaves nothing behind', async () => {
    watch = startHostWatch({ config: config(), log: SILENT_LOG, lookEveryMs: LOOK_EVERY_MS });
    await fit();
    await eventually('both volumes', () => watch!.facts().disks.length === 2);
    expect(watch.facts().disks.map(({ name }) => name)).toEqual(['data', 'state']);
    expect(disk('data')!.totalBytes).toBeGreaterThan(disk('data')!.freeBytes);
    await watch.close();
    expect(existsSync(join(folder, 'data/.yosugara.probe'))).toBe(false);
  });

  it('finds a folder that is gone, and is content only after five good looks', async () => {
    const given = config();
    watch = startHostWatch({ config: given, log: SILENT_LOG, lookEveryMs: LOOK_EVERY_MS });
    await fit();
    const changes: (string | null)[] = [];
    watch.onChange(() => changes.push(watch!.facts().unfit));
    rmSync(given.stateDir, { recursive: true });
    await unfit('is gone');
    expect(watch.facts().unfit).toMatch(/is gone: the folder is not there$/);
    changes.length = 0;
    mkdirSync(given.stateDir);
    await fit();
    expect(changes.filter((why) => why?.includes('state')).length).toBeGreaterThanOrEqual(4);
  });

  it.runIf(root)('tries the data volume in the name of PostgreSQL’s account: a change of permissions counts', async () => {
    watch = startHostWatch({ config: config(), log: SILENT_LOG, lookEveryMs: LOOK_EVERY_MS });
    await fit();
    chmodSync(join(folder, 'data'), 0o500);
    await unfit('may not be written by postgres any more (EACCES on open)');
  });

  it('keeps the logs of a running writer below their limit, two files each', () => {
    const path = join(folder, 'x.log');
    for (const text of ['a', 'b']) {
      appendFileSync(path, text.repeat(3_000));
      keepLogsSmall(folder, 2_000);
      expect(statSync(path).size).toBe(0);
    }
    appendFileSync(path, 'c');
    keepLogsSmall(folder, 2_000);
    expect([statSync(path).size, statSync(`${path}.1`).size]).toEqual([1, 3_000]);
    writeFileSync(join(folder, 'not-a-log'), 'd'.repeat(5_000));
    keepLogsSmall(folder, 2_000);
    expect(statSync(join(folder, 'not-a-log')).size).toBe(5_000);
  });
});

/** File systems of the test's own, in a mount namespace that goes with its last process. */
describe.runIf(root)('the watch over a volume that breaks', () => {
  const inside = (given: NodeConfig, prepare: string[], options = {}) =>
    watchInside(given, prepare, { lookEveryMs: LOOK_EVERY_MS, ...options }, folder);
  const tmpfs = (size: string) => `mount -t tmpfs -o size=${size},mode=0755,uid=${uid},gid=${gid} none ${folder}/data`;

  it('keeps ballast, gives it back when the volume is full, and makes it again when there is room', async () => {
    const inner = inside(config({ ballastMb: 16 }), [tmpfs('256m')]);
    watch = inner;
    await fit();
    const ballast = () => inner.sh(`stat -c %s ${folder}/data/yosugara.ballast 2>/dev/null || echo 0`);
    await eventually('the ballast is there', async () => Number(await ballast()) === 16 * MIB);
    expect(Number(await inner.sh(`stat -c %b ${folder}/data/yosugara.ballast`))).toBeGreaterThanOrEqual((16 * MIB) / 512);
    await inner.sh(`head -c ${230 * MIB} /dev/zero > ${folder}/data/filler`);
    // Until the ballast is given back, which may be for one look only.
    const wasFull = () => inner.told().some(({ disks }) => disks.some(({ name, level }) => name === 'data' && level === 'full'));
    await eventually('full', wasFull);
    await eventually('the ballast was given back', async () => (await ballast()).trim() === '0');
    await inner.sh(`rm ${folder}/data/filler`);
    await eventually('ok again', () => disk('data')?.level === 'ok');
    await eventually('the ballast is there again', async () => Number(await ballast()) === 16 * MIB);
  });

  it('calls a host unfit whose volume has no room for the next WAL', async () => {
    const inner = inside(config(), [tmpfs('128m')]);
    watch = inner;
    await fit();
    await inner.sh(`head -c ${100 * MIB} /dev/zero > ${folder}/data/filler`);
    await unfit('has no room left');
    expect(watch.facts().unfit).toMatch(/has no room left: \d+ KiB are free$/);
    await inner.sh(`head -c ${100 * MIB} /dev/zero >> ${folder}/data/filler 2>/dev/null; true`);
    await unfit('is full');
    expect(disk('data')?.level).toBe('full');
    await inner.sh(`rm ${folder}/data/filler`);
    await fit();
  });

  it('names inodes when it is they that are used up', async () => {
    const inner = inside(config(), [tmpfs('256m,nr_inodes=50')]);
    watch = inner;
    await fit();
    await inner.sh(`for n in $(seq 100); do touch ${folder}/data/f$n 2>/dev/null || break; done`);
    await unfit('has no inodes left');
  });

  it('finds a volume that was remounted read-only', async () => {
    const inner = inside(config(), [tmpfs('256m')]);
    watch = inner;
    await fit();
    await inner.sh(`mount -o remount,ro ${folder}/data`);
    await unfit(`the data volume (${folder}/data) is read-only`);
  });

  it('finds that the volume was detached, though the empty folder below it takes writes', async () => {
    const inner = inside(config(), [
      tmpfs('256m'),
      `mkdir -p ${folder}/data/pgdata && echo 15 > ${folder}/data/pgdata/PG_VERSION && chmod 755 ${folder}/data/pgdata`,
    ]);
    watch = inner;
    await fit();
    await inner.sh(`umount -l ${folder}/data`);
    await unfit('is detached: another file system is in its place');
  });

  it('watches pg_wal as a volume of its own where it leads to another file system', async () => {
    mkdirSync(join(folder, 'wal'));
    const given = config();
    mkdirSync(join(folder, 'data/pgdata'));
    symlinkSync(join(folder, 'wal/pg_wal'), join(folder, 'data/pgdata/pg_wal'));
    const inner = inside(given, [
      `mount -t tmpfs -o size=64m,mode=0755,uid=${uid},gid=${gid} none ${folder}/wal`,
      `mkdir ${folder}/wal/pg_wal && chown ${uid}:${gid} ${folder}/wal/pg_wal`,
    ]);
    watch = inner;
    await eventually('a WAL volume', () => disk('wal')?.totalBytes === 64 * MIB);
    await inner.sh(`mount -o remount,ro ${folder}/wal`);
    await unfit('the wal volume');
  });

  /** A real file system on a real block device, to be frozen or to fail as a device that went away does. */
  const disks = () => [
    `truncate -s 160M ${folder}/image && mkfs.ext4 -q -F ${folder}/image`,
    `mount -o loop ${folder}/image ${folder}/data && chown ${uid}:${gid} ${folder}/data`,
  ];

  it('says that a volume does not answer, is not held up by it, and leaves at most three children hanging', async () => {
    const undo = `fsfreeze -u ${folder}/data`;
    const inner = inside(config(), disks(), { stallMs: 400, againMs: 300, undo });
    watch = inner;
    await fit();
    await inner.sh(`fsfreeze -f ${folder}/data`);
    // The watch runs in this process: held up by it, nothing here would go on until it is thawed, which comes last.
    await unfit(`the data volume (${folder}/data) does not answer: a write and fsync of 4 KiB has not ended after 0.4 s`);
    await eventually('three hang', () => inner.children().filter((state) => state === 'D').length === 3);
    await sleep(700); // longer than the pause before another one
    expect(inner.children().length).toBeLessThanOrEqual(4);
    expect(watch.facts().disks.map(({ name }) => name)).toEqual(['data', 'state']);
    await inner.sh(undo);
    await fit();
    await eventually('the hanging ones are gone', () => inner.children().length === 2);
  });

  it('finds a volume that fails with EIO', async () => {
    const inner = inside(config(), disks());
    watch = inner;
    await fit();
    await inner.sh(`perl ${fileURLToPath(new URL('../../../../test/lab/assets/power-cut.pl', import.meta.url))} ${folder}/data`);
    await unfit('fails: EIO');
    expect(watch.facts().unfit).toMatch(/fails: EIO on (open|write|fsync)$/);
  });
});
