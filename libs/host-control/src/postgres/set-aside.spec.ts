import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SILENT_LOG } from '@yosugara/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mustHaveRoom } from './base-backup.js';
import type { HostContext } from './context.js';
import { noteHeld, surplus, takeRemoved } from './set-aside.js';

const MB = 1024 * 1024;
const VOLUME_MB = 256;
const OLD_MB = 40;
/** What is kept free beside a copy. */
const SPARE_MB = 64;

describe.runIf(process.getuid?.() === 0)('data that a recover has set aside', () => {
  let dataDir = '';
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'yosugara-aside-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${VOLUME_MB}m`, 'yosugara-spec', dataDir]);
  });
  afterEach(() => {
    execFileSync('umount', ['-l', dataDir]);
    rmSync(dataDir, { recursive: true, force: true });
  });

  /** @param held newest first: whether each held more than the Master has; null: nobody could tell. */
  async function hostWith(keepOld: number, held: readonly (boolean | null)[]): Promise<HostContext> {
    const paths = { dataDir, pgdata: join(dataDir, 'pgdata'), pgdataOld: join(dataDir, 'pgdata.old') };
    const account = { name: 'root', uid: 0, gid: 0, switchTo: false };
    const host = { paths, account, config: { recover: { keepOld }, node: 'b' }, deadMan: {}, log: SILENT_LOG };
    for (const [age, more] of held.entries()) {
      const path = age === 0 ? paths.pgdataOld : `${paths.pgdataOld}.${age}`;
      mkdirSync(path);
      writeFileSync(join(path, 'rows'), Buffer.alloc(OLD_MB * MB));
      await noteHeld(host as unknown as HostContext, path, more);
    }
    return host as unknown as HostContext;
  }
  const there = () => readdirSync(dataDir).sort();
  /** So much more than there is. */
  const lacking = async (host: HostContext, mb: number) => {
    const freeMb = VOLUME_MB - OLD_MB * there().length;
    await mustHaveRoom(host, (freeMb - SPARE_MB + mb) * MB, 'a copy of a needs');
  };
  const gone = (name: string) => `${name} (${OLD_MB + 1} MB) was removed to make room: an earlier recover had set it aside`;

  it('makes room where the Master has all that it held: the oldest, no more than is needed, and it is told once', async () => {
    const host = await hostWith(9, [false, false]);
    await lacking(host, OLD_MB / 2);
    expect(there()).toEqual(['pgdata.old']);
    expect(takeRemoved(host)).toEqual([gone('pgdata.old.1')]);
    expect(takeRemoved(host)).toEqual([]);
  });

  it('stays where all of it would not be enough, and is named for whoever may remove it', async () => {
    const host = await hostWith(1, [false, false]);
    await expect(lacking(host, 3 * OLD_MB)).rejects.toMatchObject({
      code: 'DISK_TOO_SMALL',
      message: expect.stringMatching(/yours to remove when nobody needs it: pgdata\.old \(\d+ MB\), pgdata\.old\.1 \(\d+ MB\)$/),
    });
    expect(there()).toEqual(['pgdata.old', 'pgdata.old.1']);
    expect(takeRemoved(host)).toEqual([]);
  });

  it.each([true, null])(
    'stays where it may be the only place of some rows (%s), though that would be room enough',
    async (more) => {
      const host = await hostWith(1, [more]);
      await expect(lacking(host, OLD_MB / 2)).rejects.toMatchObject({ code: 'DISK_TOO_SMALL' });
      expect(there()).toEqual(['pgdata.old']);
    },
  );

  it('stays where nobody can tell any more, whatever was noted of it before it was put back and served', async () => {
    const host = await hostWith(1, [false]);
    await noteHeld(host, join(dataDir, 'pgdata.old'), null);
    await expect(lacking(host, OLD_MB / 2)).rejects.toMatchObject({ code: 'DISK_TOO_SMALL' });
    expect(there()).toEqual(['pgdata.old']);
  });

  it('goes in any case with keepOld 0: that is the operator’s word', async () => {
    const host = await hostWith(0, [true]);
    await lacking(host, OLD_MB / 2);
    expect(takeRemoved(host)).toEqual([gone('pgdata.old')]);
  });

  it('is kept as often as is configured once a copy is whole, and the newest that held more beyond that', async () => {
    const host = await hostWith(1, [false, true, true, null]);
    expect((await surplus(host)).map(({ path }) => path)).toEqual(
      ['pgdata.old.2', 'pgdata.old.3'].map((name) => join(dataDir, name)),
    );
  });
});
