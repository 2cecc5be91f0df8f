import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeId, SILENT_LOG } from '@yosugara/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openConsensus } from './consensus-disk.js';
import { TaughtMark } from './taught-mark.js';

describe('a member that starts on its consensus log', () => {
  let folder: string;
  const open = async () => await openConsensus(join(folder, 'raft'), nodeId('a'), new TaughtMark(folder), SILENT_LOG);
  /** One life: it learns of an epoch and writes a term. */
  const live = async (): Promise<string> => {
    const { disk, restored } = await open();
    await disk.persist({ kind: 'persist', hardState: { term: 3, votedFor: null } });
    await disk.persist({ kind: 'persist', append: [{ index: 1, term: 3, payload: { kind: 'noop' } }] });
    new TaughtMark(folder).set();
    await disk.close();
    return restored.incarnation!;
  };
  const start = async () => {
    const { disk, restored, damaged } = await open();
    await disk.close();
    return { restored, damaged };
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'yosugara-taught-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is new the first time', async () => expect(await start()).toMatchObject({ damaged: null, restored: { boots: 1 } }));

  it('goes on with the log it had, as the same incarnation', async () => {
    const incarnation = await live();
    expect(await start()).toMatchObject({ damaged: null, restored: { hardState: { term: 3 }, incarnation, boots: 2 } });
  });

  it('knows that a log which is gone was there, and is another incarnation', async () => {
    const incarnation = await live();
    rmSync(join(folder, 'raft'), { recursive: true });
    const { restored, damaged } = await start();
    expect(damaged).toMatch('is gone, though');
    expect(restored.incarnation).not.toBe(incarnation);
  });

  it('still knows it at the next start, though it has heard of a term meanwhile', async () => {
    await live();
    rmSync(join(folder, 'raft'), { recursive: true });
    const { disk } = await open();
    await disk.persist({ kind: 'persist', hardState: { term: 4, votedFor: null } });
    await disk.close();
    expect((await start()).damaged).toMatch('is gone, though');
  });

  it('puts a damaged log aside, says where, and begins a blank one as another incarnation; again the next time', async () => {
    for (const count of [1, 2]) {
      const incarnation = await live();
      for (const slot of ['state.0', 'state.1']) writeFileSync(join(folder, 'raft', slot), 'nonsense');
      const { restored, damaged } = await start();
      expect(damaged).toMatch(`kept in ${join(folder, `raft.damaged-${count}`)}`);
      expect(restored).toMatchObject({ hardState: { term: 0 }, entries: [], boots: 1 });
      expect(restored.incarnation).not.toBe(incarnation);
      expect(readFileSync(join(folder, `raft.damaged-${count}`, 'state.0'), 'utf8')).toBe('nonsense');
      expect(readdirSync(folder)).toContain('raft');
    }
  });
});
