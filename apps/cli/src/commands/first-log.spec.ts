import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyCommand, type ClusterRecord } from '@yosugara/failover';
import { carryOutBranch, openRaftDisk } from '@yosugara/journal';
import { epoch, nodeId } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { beginLog, joinLog, setLogAside } from './first-log.js';

describe('the consensus log of a cluster that begins with restored data', () => {
  let stateDir: string;
  const was = { epoch: 205, timeline: 9, systemId: '7' };
  const config = () => ({ node: 'a', stateDir }) as NodeConfig;
  const raft = () => join(stateDir, 'raft');
  const held = async () => {
    const disk = await openRaftDisk(raft());
    return await disk.load().finally(() => disk.close());
  };

  beforeEach(() => {
    stateDir = mkdtempSync(join(tmpdir(), 'yosu-first-log-'));
  });
  afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

  it('has this node as the only one that votes and holds data, in a name of its own', async () => {
    const branch = await beginLog(config(), was, 'restored');
    const { snapshot, incarnation, ...log } = await held();
    expect(log).toMatchObject({ branch, entries: [] });
    expect(snapshot?.members).toEqual([{ id: 'a', kind: 'data', voter: true, incarnation }]);
    expect(snapshot?.state).toMatchObject({ systemId: '7', syncSet: ['a'], everSync: ['a'], owner: null, cause: 'restored' });
  });

  it('goes on above all epochs and timelines that the data has seen, in a generation newer than any of them can have had', async () => {
    await beginLog(config(), was, 'restored');
    const record = (await held()).snapshot!.state as ClusterRecord;
    expect(record.epoch).toBeGreaterThan(205);
    expect(record.timelineTaken).toBeGreaterThan(9);
    expect(record.generation).toBeGreaterThan(206);
    const claim = { id: 'x', kind: 'claim', by: nodeId('a'), boot: 'boot', cause: 'restored', atWallMs: 1 } as const;
    const applied = applyCommand(record, { ...claim, epoch: epoch(record.epoch + 1) });
    expect(applied).toMatchObject({
      record: { owner: 'a', phase: 'stopping-old', previous: null, generation: record.generation },
    });
    expect(applyCommand(record, { ...claim, by: nodeId('b'), epoch: epoch(record.epoch + 1) }).record).toEqual(record);
  });

  it('is joined by a member that begins blank on it', async () => {
    await joinLog(config(), 'a.207.xyz', 'a');
    await carryOutBranch(raft(), () => null);
    expect(await held()).toMatchObject({ branch: 'a.207.xyz', snapshot: null, entries: [] });
  });

  it('is begun anew where an attempt had failed', async () => {
    const first = await beginLog(config(), was, 'restored');
    await setLogAside(config(), 1_000);
    expect(existsSync(raft())).toBe(false);
    const second = await beginLog(config(), was, 'restored again');
    expect(second).not.toBe(first);
    expect((await held()).snapshot?.state).toMatchObject({ cause: 'restored again' });
  });
});
