import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Entry, Snapshot } from '@yosugara/consensus';
import { nodeId, SILENT_LOG } from '@yosugara/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JournalCorruptError, JournalFatalError, JournalLockedError, openRaftDisk } from './index.js';
import { readRaftDisk } from './raft-disk.js';
import { faultyFs, PowerCutFs } from './testing/fault-fs.js';
import { tempDirs } from './testing/temp-dir.js';

const tempDir = tempDirs();
const A = nodeId('a');
const entry = (index: number, term = 1): Entry => ({ index, term, payload: { kind: 'command', command: { set: index } } });
const entries = (from: number, through: number, term = 1) =>
  Array.from({ length: through - from + 1 }, (_, at) => entry(from + at, term));
const snapshot = (index: number, term = 1): Snapshot => ({ index, term, members: [], state: { upTo: index } });

async function lastSegment(dir: string): Promise<string> {
  const names = await readdir(join(dir, 'log'));
  return join(dir, 'log', names.sort().at(-1)!);
}

async function written(change: (disk: Awaited<ReturnType<typeof openRaftDisk>>) => Promise<void>): Promise<string> {
  const dir = await tempDir();
  const disk = await openRaftDisk(dir);
  await disk.load();
  await change(disk);
  await disk.close();
  return dir;
}

describe('the disk of a consensus member', () => {
  it('begins empty: term 0, no vote, no entries', async () =>
    expect(await readRaftDisk(await tempDir())).toMatchObject({
      hardState: { term: 0, votedFor: null },
      snapshot: null,
      entries: [],
    }));

  it('gives back term, vote and entries, a truncated tail replaced', async () => {
    const dir = await written(async (disk) => {
      await disk.persist({ kind: 'persist', hardState: { term: 1, votedFor: A } });
      await disk.persist({ kind: 'persist', append: entries(1, 5) });
      await disk.persist({ kind: 'persist', hardState: { term: 2, votedFor: null }, truncateFrom: 4, append: entries(4, 4, 2) });
    });
    expect(await readRaftDisk(dir)).toMatchObject({
      hardState: { term: 2, votedFor: null },
      snapshot: null,
      entries: [...entries(1, 3), ...entries(4, 4, 2)],
    });
  });

  it('is one incarnation for as long as it is there, counts its starts, and never counts fewer writes than were acknowledged', async () => {
    const dir = await tempDir();
    let before = await readRaftDisk(dir);
    expect(before).toMatchObject({ boots: 1, incarnation: expect.stringMatching(/^[0-9a-f]{16}$/) });
    for (const term of [1, 2, 3]) {
      const disk = await openRaftDisk(dir);
      const found = await disk.load();
      expect(found).toMatchObject({ incarnation: before.incarnation, boots: before.boots! + 1 });
      expect(found.written).toBeGreaterThanOrEqual(before.written!);
      await disk.persist({ kind: 'persist', hardState: { term, votedFor: A } });
      await disk.persist({ kind: 'persist', append: [entry(2 * term - 1, term), entry(2 * term, term)] });
      await disk.persist({ kind: 'persist', snapshot: snapshot(2 * term - 1, term), dropThrough: 2 * term - 1 });
      await disk.close();
      before = { ...found, written: found.written! + 3 };
    }
  });

  it('goes on as another incarnation when told to, with the log it has', async () => {
    let renewed = '';
    const dir = await written(async (disk) => {
      await disk.persist({ kind: 'persist', hardState: { term: 1, votedFor: A }, append: entries(1, 2) });
      renewed = await disk.renew();
    });
    expect(await readRaftDisk(dir)).toMatchObject({ incarnation: renewed, boots: 2, entries: entries(1, 2) });
    expect((await readRaftDisk(await tempDir())).incarnation).not.toBe(renewed);
  });

  it('names a damaged identity', async () => {
    const dir = await written((disk) => disk.persist({ kind: 'persist', hardState: { term: 1, votedFor: A } }));
    await writeFile(join(dir, 'identity.json'), 'nonsense');
    await expect(readRaftDisk(dir)).rejects.toMatchObject({ code: 'JOURNAL_CORRUPT', file: join(dir, 'identity.json') });
  });

  it('drops the log below a snapshot and goes on behind it', async () => {
    const dir = await written(async (disk) => {
      await disk.persist({ kind: 'persist', hardState: { term: 1, votedFor: A }, append: entries(1, 10) });
      await disk.persist({ kind: 'persist', snapshot: snapshot(8), dropThrough: 6 });
      await disk.persist({ kind: 'persist', append: entries(11, 11) });
    });
    expect((await readdir(join(dir, 'log'))).length).toBe(1);
    expect(await readRaftDisk(dir)).toMatchObject({ snapshot: { index: 8 }, entries: entries(9, 11) });
  });

  it('forgets a shorter log when a snapshot of the leader replaces it, and takes entries behind it', async () => {
    const dir = await written(async (disk) => {
      await disk.persist({ kind: 'persist', hardState: { term: 3, votedFor: null }, append: entries(1, 4) });
      await disk.persist({ kind: 'persist', snapshot: snapshot(50, 3), truncateFrom: 1, dropThrough: 50 });
      await disk.persist({ kind: 'persist', append: entries(51, 52, 3) });
    });
    expect(await readRaftDisk(dir)).toMatchObject({ snapshot: { index: 50 }, entries: entries(51, 52, 3) });
  });

  it('takes another log as a whole, with a snapshot or without', async () => {
    const before = { kind: 'persist', hardState: { term: 1, votedFor: A }, append: entries(1, 4) } as const;
    const dir = await written(async (disk) => {
      await disk.persist(before);
      await disk.persist({ kind: 'persist', anew: true, truncateFrom: 1, append: entries(1, 2, 1_001) });
      await disk.persist({ kind: 'persist', append: entries(3, 3, 1_001), hardState: { term: 1_001, votedFor: null } });
    });
    expect(await readRaftDisk(dir)).toMatchObject({ snapshot: null, entries: entries(1, 3, 1_001) });
    const other = await written(async (disk) => {
      await disk.persist(before);
      await disk.persist({ kind: 'persist', snapshot: snapshot(3), dropThrough: 3 });
      const [hardState, append] = [{ term: 2_001, votedFor: null }, entries(3, 4, 2_001)];
      await disk.persist({
        ...{ kind: 'persist', anew: true, truncateFrom: 1, hardState, append },
        ...{ snapshot: snapshot(2, 2_001), dropThrough: 2 },
      });
    });
    expect(await readRaftDisk(other)).toMatchObject({ snapshot: snapshot(2, 2_001), entries: entries(3, 4, 2_001) });
  });

  it('cuts an incomplete last record at every length of it, and goes on', async () => {
    const dir = await tempDir();
    const disk = await openRaftDisk(dir);
    await disk.load();
    await disk.persist({ kind: 'persist', hardState: { term: 1, votedFor: A }, append: entries(1, 2) });
    const file = await lastSegment(dir);
    const before = await readFile(file);
    await disk.persist({ kind: 'persist', append: entries(3, 3) });
    const after = await readFile(file);
    await disk.close();
    // The mark behind the last record counts 16 bytes; without it and with any part of the record missing, the record is torn.
    for (let length = before.length; length < after.length - 16; length++) {
      await writeFile(file, after.subarray(0, length));
      expect((await readRaftDisk(dir)).entries, `${length} bytes left`).toEqual(entries(1, 2));
    }
    await writeFile(file, after.subarray(0, after.length - 16));
    expect((await readRaftDisk(dir)).entries).toEqual(entries(1, 3));
  });

  it('refuses a flipped bit in an acknowledged record, even the last, and names file and offset', async () => {
    const dir = await written(async (disk) => {
      for (const index of [1, 2, 3])
        await disk.persist({ kind: 'persist', hardState: { term: 1, votedFor: A }, append: [entry(index)] });
    });
    const file = await lastSegment(dir);
    const good = await readFile(file);
    for (const index of [1, 2, 3]) {
      const at = good.indexOf(`{"set":${index}}`);
      const bad = Buffer.from(good);
      bad[at + 2]! ^= 0x10;
      await writeFile(file, bad);
      const error = await readRaftDisk(dir).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(JournalCorruptError);
      expect(error).toMatchObject({ code: 'JOURNAL_CORRUPT', file });
      expect((error as JournalCorruptError).offset).toBeLessThan(at);
    }
  });

  it('keeps the older term and vote when writing the newer was torn', async () => {
    const dir = await written(async (disk) => {
      await disk.persist({ kind: 'persist', hardState: { term: 1, votedFor: A } });
      await disk.persist({ kind: 'persist', hardState: { term: 2, votedFor: A } });
    });
    const slots = ['state.0', 'state.1'].map((name) => join(dir, name));
    const texts = await Promise.all(slots.map((path) => readFile(path, 'utf8')));
    const newer = texts.findIndex((text) => text.includes('"term":2'));
    await writeFile(slots[newer]!, texts[newer]!.slice(0, 20));
    expect((await readRaftDisk(dir)).hardState).toEqual({ term: 1, votedFor: A });
  });

  it('refuses to come up without its vote, or without its log', async () => {
    const dir = await written((disk) =>
      disk.persist({ kind: 'persist', hardState: { term: 1, votedFor: A }, append: entries(1, 1) }),
    );
    const names = ['state.0', 'state.1'].map((name) => join(dir, name));
    const texts = await Promise.all(names.map((path) => readFile(path)));
    for (const path of names) await writeFile(path, 'nonsense');
    await expect(readRaftDisk(dir)).rejects.toThrow(/term and vote cannot be read.*come back as a new one/);
    for (const [at, path] of names.entries()) await writeFile(path, texts[at]!);
    await writeFile(await lastSegment(dir), '');
    await expect(readRaftDisk(dir)).rejects.toThrow(/the log is not/);
  });

  it('names a damaged snapshot', async () => {
    const dir = await written(async (disk) => {
      await disk.persist({ kind: 'persist', append: entries(1, 2).map((e) => ({ ...e, term: 0 })) });
      await disk.persist({ kind: 'persist', snapshot: snapshot(2, 0), dropThrough: 2 });
    });
    const path = join(dir, 'snapshot.json');
    await writeFile(path, (await readFile(path, 'utf8')).replace('"upTo":2', '"upTo":3'));
    await expect(readRaftDisk(dir)).rejects.toMatchObject({ code: 'JOURNAL_CORRUPT', file: path });
  });

  it('belongs to one process: a second opener is told the directory and the pid', async () => {
    const dir = await tempDir();
    const disk = await openRaftDisk(dir);
    await expect(openRaftDisk(dir)).rejects.toBeInstanceOf(JournalLockedError);
    await expect(openRaftDisk(dir)).rejects.toThrow(`${dir} is in use by process ${process.pid}`);
    await disk.close();
    await (await openRaftDisk(dir)).close();
  });

  it.each(['write', 'sync'] as const)(
    'is over for good after one failed %s, though the disk is well again',
    async (operation) => {
      const dir = await tempDir();
      let failing = false;
      const disk = await openRaftDisk(
        dir,
        SILENT_LOG,
        faultyFs((at) => (failing && at === operation ? 'EIO' : null)),
      );
      await disk.load();
      await disk.persist({ kind: 'persist', hardState: { term: 1, votedFor: A } });
      failing = true;
      await expect(disk.persist({ kind: 'persist', append: entries(1, 1) })).rejects.toBeInstanceOf(JournalFatalError);
      failing = false;
      await expect(disk.persist({ kind: 'persist', append: entries(1, 1) })).rejects.toBeInstanceOf(JournalFatalError);
      await expect(disk.persist({ kind: 'persist', hardState: { term: 2, votedFor: A } })).rejects.toBeInstanceOf(
        JournalFatalError,
      );
      await disk.close();
    },
  );
});

/** A member's life: what it persists one after the other. Terms only grow; the log follows Raft's rules. */
interface Model {
  term: number;
  log: Entry[];
  snapshot: Snapshot | null;
}
type Step = 'vote' | 'append' | 'replace' | 'compact' | 'install' | 'another' | 'anotherWithout';

function change(
  model: Model,
  step: Step,
): { persist: Parameters<Awaited<ReturnType<typeof openRaftDisk>>['persist']>[0]; after: Model } {
  const base = model.snapshot?.index ?? 0;
  const last = model.log.at(-1)?.index ?? base;
  if (step === 'vote')
    return {
      persist: { kind: 'persist', hardState: { term: model.term + 1, votedFor: A } },
      after: { ...model, term: model.term + 1 },
    };
  if (step === 'replace' && model.log.length > 1) {
    const term = model.term + 1;
    const from = last;
    const append = entries(from, from + 1, term);
    return {
      persist: { kind: 'persist', hardState: { term, votedFor: null }, truncateFrom: from, append },
      after: { ...model, term, log: [...model.log.slice(0, -1), ...append] },
    };
  }
  if (step === 'compact' && model.log.length > 2) {
    const at = model.log[1]!;
    const taken = snapshot(at.index, at.term);
    return {
      persist: { kind: 'persist', snapshot: taken, dropThrough: at.index - 1 },
      after: { ...model, snapshot: taken, log: model.log.slice(2) },
    };
  }
  if (step === 'install') {
    const taken = snapshot(last + 5, model.term);
    return {
      persist: { kind: 'persist', snapshot: taken, truncateFrom: base + 1, dropThrough: taken.index },
      after: { ...model, snapshot: taken, log: [] },
    };
  }
  if (step === 'another' || (step === 'anotherWithout' && model.snapshot === null)) {
    const term = model.term + 1_001;
    const at = step === 'another' ? Math.max(0, base + (term % 3) - 1) : 0;
    const taken = step === 'another' ? snapshot(at, term) : null;
    const append = entries(at + 1, at + 2, term);
    return {
      persist: {
        ...{ kind: 'persist', hardState: { term, votedFor: null }, anew: true, truncateFrom: 1, append },
        ...(taken !== null && { snapshot: taken, dropThrough: at }),
      },
      after: { term, snapshot: taken, log: append },
    };
  }
  const append = entries(last + 1, last + 3, model.term);
  return { persist: { kind: 'persist', append }, after: { ...model, log: [...model.log, ...append] } };
}

it('shows after a power cut at any operation the state before or after the write it hit, and never forgets an acknowledged one', async () => {
  const step = fc.constantFrom<Step>('vote', 'append', 'replace', 'compact', 'install', 'another', 'anotherWithout');
  const life = fc.record({
    steps: fc.array(step, { minLength: 1, maxLength: 8 }),
    cut: fc.integer({ min: 1, max: 60 }),
    seed: fc.nat(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 4 }), async (lives) => {
      const dir = await tempDir();
      let possible: Model[] = [{ term: 0, log: [], snapshot: null }];
      let fs = new PowerCutFs(Number.POSITIVE_INFINITY);
      for (const { steps, cut, seed } of [...lives, { steps: [], cut: Number.POSITIVE_INFINITY, seed: 1 }]) {
        let state = seed + 1;
        const chance = () => (state = (state * 48271) % 2147483647) / 2147483647;
        fs = fs.reboot(cut, chance);
        const disk = await openRaftDisk(dir, SILENT_LOG, fs);
        try {
          const found = await disk.load();
          const shown: Model = { term: found.hardState.term, log: [...found.entries], snapshot: found.snapshot };
          expect(possible).toContainEqual(shown);
          possible = [shown];
          let model = shown;
          for (const kind of steps) {
            const { persist, after } = change(model, kind);
            const isAtOnce = persist.anew === true;
            possible = [model, { ...model, term: after.term }, ...(isAtOnce ? [] : partly(model, after)), after];
            await disk.persist(persist);
            model = after;
            possible = [model];
          }
        } catch (error) {
          if (!(error instanceof JournalFatalError) || fs.alive) throw error;
        } finally {
          await disk.close();
        }
      }
    }),
    { numRuns: Number(process.env['YOSUGARA_RUNS'] ?? 150) },
  );
});

/** What one write may leave when it is cut: the new term, then the new snapshot, then the truncated log. */
function partly(before: Model, after: Model): Model[] {
  const from = after.log.findIndex((e, at) => before.log[at]?.term !== e.term);
  const truncated = from === -1 ? before.log : before.log.slice(0, from);
  const installed =
    after.snapshot === before.snapshot
      ? []
      : [{ ...after, log: before.log.filter(({ index }) => index > after.snapshot!.index) }];
  return [{ ...after, log: truncated }, ...installed];
}
