import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PostgresFacts } from '@yosugara/failover';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildChildPrograms } from '../testing/build.js';
import { asSuperuser } from '../testing/pair.js';
import { Testbed, type TestNode } from '../testing/testbed.js';

const root = process.getuid!() === 0;
const IMAGE_BYTES = 512 * 1024 * 1024;
/** A local write every 2 s, with 2 s for each: three of them, and a machine that others share. */
const FOUND_WITHIN_MS = 30_000;
const CUT = fileURLToPath(new URL('../../../../test/lab/assets/power-cut.pl', import.meta.url));

/**
 * Nobody writes but the controller's own probe, and the watch over the volumes (watch/) is not there: reads are answered from memory
 * for long, so it is the local write that tells a server on a broken disk from a healthy one.
 */
describe.runIf(root)('an idle Master whose data volume', { timeout: 300_000 }, () => {
  let bed: Testbed | null = null;
  let node: TestNode;
  let volume = '';
  beforeAll(buildChildPrograms);
  afterEach(async () => {
    if (volume !== '') quietly('fsfreeze', '-u', volume);
    await bed?.close();
    bed = null;
  });

  /** A file system of its own on a real block device, that fails as a device fails. */
  async function onOwnDisk(): Promise<void> {
    bed = await Testbed.open();
    const image = join(bed.root, 'image');
    volume = bed.config('a').dataDir!;
    mkdirSync(volume, { recursive: true });
    execFileSync('truncate', ['-s', String(IMAGE_BYTES), image]);
    execFileSync('mkfs.ext4', ['-q', '-F', image]);
    execFileSync('mount', ['-o', 'loop,noatime', image, volume]);
    // Before the folder is removed, and after everything that runs on it has ended.
    bed.onClose(async () => quietly('umount', '-l', volume));
    node = await bed.primary();
    const written = async () => (await asSuperuser(node, "select to_regclass('yosugara.write_probe') as there")).rows[0]?.there;
    await expect.poll(written, { timeout: 60_000 }).toBeTruthy();
  }

  const found = (wanted: (facts: PostgresFacts) => boolean) =>
    expect.poll(() => wanted(node.postgres.facts()), { timeout: FOUND_WITHIN_MS }).toBe(true);
  /** What it writes cannot reach the disk, and PostgreSQL ends rather than to go on (PANIC): it is no Master any more. */
  const isOver = ({ kind }: PostgresFacts) => kind !== 'primary' && kind !== 'unknown';

  it('answers EIO to every write: the server does not outlive its next write', async () => {
    await onOwnDisk();
    execFileSync('perl', [CUT, volume]);
    await found(isOver);
  });

  it('became read-only: likewise', async () => {
    await onOwnDisk();
    execFileSync('mount', ['-o', 'remount,abort', volume]);
    await found(isOver);
  });

  it('does not answer: the server reads, and is called hung', async () => {
    await onOwnDisk();
    execFileSync('fsfreeze', ['-f', volume]);
    // A server that stands still is called hung for that first.
    await found((facts) => facts.kind === 'hung' && /local writes in a row did not end/.test(facts.because ?? ''));
    expect(node.postgres.facts()).toMatchObject({ wasPrimary: true });
  });
});

function quietly(program: string, ...args: readonly string[]): void {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
  } catch {
    // It is not frozen, or not mounted any more.
  }
}
