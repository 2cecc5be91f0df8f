import { describe, expect, it } from 'vitest';
import { mibBatches, mibTextOf } from './mib-files.js';

const file = (name: string, chars: number) => ({ name, text: 'x'.repeat(chars) });

describe('files of MIB modules', () => {
  it('are read as UTF-8 when they are, else as ISO 8859-1', () => {
    expect(mibTextOf(new TextEncoder().encode('A -- 機器'))).toBe('A -- 機器');
    expect(mibTextOf(Uint8Array.from([0x41, 0xe9]))).toBe('Aé');
  });
  it('go in as few requests as their sizes and number allow, in order', () => {
    const files = [file('a', 60), file('b', 40), file('c', 1), file('d', 200), file('e', 1)];
    const names = (most: { chars: number; files: number }) =>
      mibBatches(files, most).map((batch) => batch.map(({ name }) => name).join(''));
    expect(names({ chars: 100, files: 9 })).toEqual(['ab', 'c', 'd', 'e']);
    expect(names({ chars: 1_000, files: 2 })).toEqual(['ab', 'cd', 'e']);
    expect(mibBatches([])).toEqual([]);
  });
});
