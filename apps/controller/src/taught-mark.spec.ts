import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TaughtMark } from './taught-mark.js';

const empty = { hardState: { term: 0, votedFor: null }, snapshot: null, entries: [] };

describe('a member that has once known a committed epoch', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'yosugara-taught-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('refuses to start with an empty consensus log', () => {
    new TaughtMark(folder).set();
    expect(() => new TaughtMark(folder).check(empty)).toThrow(/must not vote/);
  });
  it('starts with the log it had', () => {
    new TaughtMark(folder).set();
    expect(() => new TaughtMark(folder).check({ ...empty, hardState: { term: 3, votedFor: null } })).not.toThrow();
  });
  it('starts empty the first time', () => expect(() => new TaughtMark(folder).check(empty)).not.toThrow());
});
