import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Away, type ClusterRecord, EMPTY_RECORD } from '@yosugara/failover';
import { planBranch } from '@yosugara/journal';
import { epoch, lsn, nodeId, SILENT_LOG } from '@yosugara/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openConsensus } from './consensus-disk.js';
import { SupersededFile } from './superseded-file.js';
import { TaughtMark } from './taught-mark.js';

const [a, b, d] = [nodeId('a'), nodeId('b'), nodeId('d')];
const away: Away = {
  ...{ node: d, requestId: 'r', by: 'alice', evidence: 'site 1 is under water', atWallMs: 1_700_000_000_000 },
  ...{ branch: 'd.2.boot', generation: 1, received: lsn(900), lostBytes: 100, heardAgoMs: 4_000 },
};

describe('a start that begins another log of the cluster’s', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ysc-branch-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const raft = () => join(folder, 'raft');
  const open = async () => {
    const found = await openConsensus(raft(), d, new TaughtMark(folder), SILENT_LOG);
    await found.disk.close();
    return found;
  };
  /** A learner's log: a snapshot in which `a` owns epoch 7, and a change since then. */
  const lived = async () => {
    const { disk } = await openConsensus(raft(), d, new TaughtMark(folder), SILENT_LOG);
    const state: ClusterRecord = {
      ...EMPTY_RECORD,
      epoch: epoch(7),
      owner: a,
      ownerBoot: 'x',
      phase: 'serving',
      syncSet: [a, b],
      everSync: [a, b],
    };
    const snapshot = { index: 40, term: 6, members: [{ id: a, kind: 'data' as const, voter: true }], state };
    await disk.persist({ kind: 'persist', hardState: { term: 6, votedFor: null }, snapshot, dropThrough: 40 });
    const command = { id: 'c', kind: 'leave', epoch: 7, node: b, why: 'silent' };
    await disk.persist({ kind: 'persist', append: [{ index: 41, term: 6, payload: { kind: 'command', command } }] });
    new TaughtMark(folder).set();
    await disk.close();
  };

  it('leads it alone, with the record of all that had arrived', async () => {
    await lived();
    await planBranch(raft(), { kind: 'lead', branch: away.branch, away } as { branch: string });
    const { restored, damaged, branched } = await open();
    expect({ damaged, branched, entries: restored.entries }).toEqual({ damaged: null, branched: true, entries: [] });
    expect(restored).toMatchObject({ branch: 'd.2.boot', hardState: { term: 6, votedFor: null } });
    expect(restored.snapshot).toMatchObject({
      ...{ index: 41, term: 6, members: [{ id: d, kind: 'data', voter: true, incarnation: restored.incarnation }] },
      state: { epoch: 107, owner: a, syncSet: [a], generation: 1, away: { evidence: 'site 1 is under water', lostBytes: 100 } },
    });
    expect(await open()).toMatchObject({ branched: false, restored: { branch: 'd.2.boot', snapshot: { index: 41 } } });
  });

  it('leads it with data that are known by another identifier: timelines of the old ones are forgotten', async () => {
    await lived();
    await planBranch(raft(), { kind: 'lead', branch: away.branch, away, systemId: '77' } as { branch: string });
    const { restored } = await open();
    expect(restored.snapshot?.state).toMatchObject({ systemId: '77', lineage: [], epoch: 107, generation: 1 });
  });

  it('or joins it blank, and is counted for nothing until it is taken in', async () => {
    await lived();
    await planBranch(raft(), { kind: 'join', branch: 'd.2.boot', by: d } as { branch: string });
    const { restored, damaged, branched } = await open();
    expect(restored).toMatchObject({ branch: 'd.2.boot', snapshot: null, entries: [] });
    expect({ damaged, branched }).toEqual({ damaged: 'its consensus log ended with an older generation', branched: true });
  });

  it('joins it blank, hears of a term, and is counted for nothing after another start either: nobody has told it anything yet', async () => {
    await lived();
    await planBranch(raft(), { kind: 'join', branch: 'd.2.boot', by: d } as { branch: string });
    const { disk } = await openConsensus(raft(), d, new TaughtMark(folder), SILENT_LOG);
    await disk.persist({ kind: 'persist', hardState: { term: 7, votedFor: null } });
    await disk.close();
    expect(await open()).toMatchObject({
      branched: false,
      damaged: expect.stringMatching('begun anew'),
      restored: { entries: [] },
    });
  });

  it('begins nothing on a log that holds nothing or cannot be read: what was asked for is kept as refused', async () => {
    await open();
    await planBranch(raft(), { kind: 'lead', branch: away.branch, away } as { branch: string });
    expect(await open()).toMatchObject({ branched: false, damaged: null, restored: { snapshot: null } });
    expect(readdirSync(join(folder, 'raft.branch'))).toContain('plan.json.refused-1');
  });
});

describe('what a node heard of a newer log', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ysc-branch-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  it('is known at the next start, and forgotten only when it is cleared', () => {
    const file = new SupersededFile(folder);
    expect(file.read()).toBeNull();
    file.write({ by: d, branch: 'd.2.boot', generation: 2 });
    expect(new SupersededFile(folder).read()).toEqual({ by: d, branch: 'd.2.boot', generation: 2 });
    file.clear();
    expect(file.read()).toBeNull();
  });
  it('keeps the controller from starting when it cannot be read', () => {
    writeFileSync(join(folder, 'superseded.json'), '{"by":');
    expect(() => new SupersededFile(folder).read()).toThrow();
  });
});
