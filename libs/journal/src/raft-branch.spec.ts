import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Entry, Restored, Snapshot } from '@yosugara/consensus';
import { nodeId, SILENT_LOG } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import type { JournalFs } from './fs-port.js';
import { carryOutBranch, openRaftDisk, planBranch, refuseBranch } from './index.js';
import { readRaftDisk } from './raft-disk.js';
import { faultyFs } from './testing/fault-fs.js';
import { tempDirs } from './testing/temp-dir.js';

const tempDir = tempDirs();
const D = nodeId('d');
const entry = (index: number): Entry => ({ index, term: 3, payload: { kind: 'command', command: { set: index } } });
const PLAN = { branch: 'd.2', why: 'the other site burnt down' };

/** A used directory `<somewhere>/raft` with five entries of term 3. */
async function used(): Promise<string> {
  const dir = join(await tempDir(), 'raft');
  const disk = await openRaftDisk(dir);
  await disk.load();
  await disk.persist({ kind: 'persist', hardState: { term: 4, votedFor: D }, append: [1, 2, 3, 4, 5].map(entry) });
  await disk.close();
  return dir;
}

const alone = (held: Restored, incarnation: string): Snapshot => ({
  index: held.entries.at(-1)!.index,
  term: held.entries.at(-1)!.term,
  members: [{ id: D, kind: 'data', voter: true, incarnation }],
  state: { from: held.entries.length },
});
const carryOut = (dir: string, fs?: JournalFs) => carryOutBranch<typeof PLAN>(dir, () => alone, SILENT_LOG, fs);

describe('a consensus directory that begins another log', () => {
  it('does nothing where nothing is planned', async () => {
    const dir = await used();
    expect(await carryOut(dir)).toBeNull();
    expect((await readRaftDisk(dir)).entries).toHaveLength(5);
  });

  it('begins with a snapshot of the old one under an incarnation of its own; the old one and the plan are kept', async () => {
    const dir = await used();
    const before = await readRaftDisk(dir);
    await planBranch(dir, PLAN);
    expect((await readRaftDisk(dir)).branch).toBeUndefined();
    expect(await carryOut(dir)).toEqual(PLAN);
    const after = await readRaftDisk(dir);
    expect(after).toMatchObject({ branch: 'd.2', hardState: { term: 4, votedFor: null }, entries: [] });
    expect(after.incarnation).not.toBe(before.incarnation);
    expect(after.snapshot).toMatchObject({
      index: 5,
      term: 3,
      members: [{ id: D, incarnation: after.incarnation }],
      state: { from: 5 },
    });
    expect((await readRaftDisk(`${dir}.before-1`)).entries).toHaveLength(5);
    expect(await readdir(`${dir}.branch`)).toEqual(['plan.json.done-1']);
    expect(await carryOut(dir)).toBeNull();
  });

  it('or blank, and then the old one may be damaged', async () => {
    const dir = await used();
    await planBranch(dir, { branch: 'd.3' });
    await carryOutBranch(dir, () => null);
    const after = await readRaftDisk(dir);
    expect(after).toMatchObject({ branch: 'd.3', hardState: { term: 0 }, snapshot: null, entries: [] });
  });

  it('stays what it was when the plan is refused, and the plan is kept', async () => {
    const dir = await used();
    await planBranch(dir, PLAN);
    expect(await refuseBranch(dir)).toBe(`${dir}.branch/plan.json.refused-1`);
    expect(await carryOut(dir)).toBeNull();
    expect((await readRaftDisk(dir)).entries).toHaveLength(5);
  });

  it('is killed before any one of its steps: the next start goes on, and ends with the whole new log', async () => {
    // What is written into a file that nobody was told of yet cannot be told from its absence: names are what counts.
    const killedAt = (dies: number) => {
      let steps = 0;
      return faultyFs((op) => ((op === 'open' || op === 'rename') && (steps += 1) >= dies ? 'EIO' : null));
    };
    for (let dies = 1; ; dies += 1) {
      const dir = await used();
      await planBranch(dir, PLAN);
      const first = await carryOut(dir, killedAt(dies)).catch(() => null);
      const second = await carryOut(dir);
      expect([first, second].filter((done) => done !== null)).toEqual([PLAN]);
      expect(await readRaftDisk(dir)).toMatchObject({ branch: 'd.2', snapshot: { index: 5, state: { from: 5 } }, entries: [] });
      if (first === null) continue;
      expect(dies).toBeGreaterThan(8);
      break;
    }
  });

  it('is killed while the plan is being written: either it is there, or nothing happened', async () => {
    for (let dies = 1, steps = 0; ; dies += 1, steps = 0) {
      const dir = await used();
      const wrote = await planBranch(
        dir,
        PLAN,
        faultyFs(() => ((steps += 1) >= dies ? 'EIO' : null)),
      ).then(
        () => true,
        () => false,
      );
      const done = await carryOut(dir);
      expect((await readRaftDisk(dir)).branch).toBe(done === null ? undefined : 'd.2');
      if (wrote) {
        expect(done).toEqual(PLAN);
        break;
      }
    }
  });
});
