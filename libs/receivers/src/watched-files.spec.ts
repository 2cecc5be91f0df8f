import { mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WatchedFiles } from './watched-files.js';

let dir = '';
let nowMs = 0;
const said: string[] = [];
const at = (name: string) => join(dir, name);
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'yosugara-watched-'));
  nowMs = 0;
  said.length = 0;
  writeFileSync(at('one'), '1');
  writeFileSync(at('two'), '2');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A word, which must not be `half`. */
const watched = () => {
  const paths = [at('one'), at('two')];
  const read = () => {
    const word = paths.map((path) => readFileSync(path, 'utf8')).join('');
    if (word.includes('half')) throw new Error('half written');
    return { word };
  };
  return new WatchedFiles({
    ...{ paths, read, lookEveryMs: 1_000, nowMs: () => nowMs },
    onRead: ({ word }) => void said.push(word),
    onKept: (error) => void said.push(error instanceof Error && 'code' in error ? String(error.code) : String(error)),
  });
};

describe('files in use', () => {
  it('are looked at once an interval, and read again only when one of them changed', () => {
    const files = watched();
    const first = files.current();
    writeFileSync(at('two'), 'another');
    nowMs = 999;
    expect(files.current()).toBe(first);
    nowMs = 1_000;
    const second = files.current();
    expect(second).toEqual({ word: '1another' });
    nowMs = 2_000;
    expect(files.current()).toBe(second);
    expect(said).toEqual(['1another']);
  });

  it.each<[string, () => void]>([
    [
      'replaced by another of the same size',
      () => {
        writeFileSync(at('new'), '3');
        renameSync(at('new'), at('two'));
      },
    ],
    [
      'a link that leads elsewhere',
      () => {
        writeFileSync(at('elsewhere'), '3');
        unlinkSync(at('two'));
        symlinkSync(at('elsewhere'), at('two'));
      },
    ],
  ])('are read again when one is %s', (_, change) => {
    const files = watched();
    change();
    nowMs = 1_000;
    expect(files.current()).toEqual({ word: '13' });
  });

  it('stay what they were while one cannot be used, which is said once a change', () => {
    const files = watched();
    const first = files.current();
    const look = () => {
      nowMs += 1_000;
      return files.current();
    };
    writeFileSync(at('one'), 'half');
    expect([look(), look()]).toEqual([first, first]);
    unlinkSync(at('one'));
    expect([look(), look()]).toEqual([first, first]);
    symlinkSync(at('one'), at('one'));
    expect([look(), look()]).toEqual([first, first]);
    expect(said).toEqual(['Error: half written', 'ENOENT', 'ELOOP']);
    unlinkSync(at('one'));
    writeFileSync(at('one'), 'whole');
    expect(look()).toEqual({ word: 'whole2' });
  });

  it('that cannot be used at the start are none', () => {
    writeFileSync(at('one'), 'half');
    expect(watched).toThrow('half written');
  });
});
