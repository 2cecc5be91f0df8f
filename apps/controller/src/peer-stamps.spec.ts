import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SILENT_LOG } from '@yosugara/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PeerStamps } from './peer-stamps.js';

describe('what a controller remembers of the other members’ consensus directories', () => {
  let folder: string;
  const open = (branch = '') => new PeerStamps(join(folder, 'peers.json'), branch, SILENT_LOG);
  const stamps = { 'b b1': { life: 'x', boots: 3, written: 50 } };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'yosugara-peers-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is there in its next life, on the same log only', async () => {
    expect(open().load()).toEqual({});
    open().save(stamps);
    await expect.poll(() => open().load()).toEqual(stamps);
    expect(open('another').load()).toEqual({});
  });
  it('is nothing where the file is damaged', () => {
    writeFileSync(join(folder, 'peers.json'), '{"version":1');
    expect(open().load()).toEqual({});
  });
});
