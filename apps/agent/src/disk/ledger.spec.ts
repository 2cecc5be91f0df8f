import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Change } from '@yosugara/operations/agent';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Ledger } from './ledger.js';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'yosugara-ledger-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const trouble = (message: string): Change => ({ kind: 'news', news: { kind: 'trouble', atMs: 1, code: 'X', message } });
const mark = (key: string, value: unknown): Change => ({ kind: 'mark', key, value });
const textsOf = (news: Awaited<ReturnType<Ledger['news']>>) =>
  news.map((each) => (each.kind === 'trouble' ? each.message : each.kind));
const filesOf = () => readdirSync(dir).sort();

describe('the ledger', () => {
  it('has after a restart what was appended, and its spool keeps its name', async () => {
    const first = await Ledger.open(dir);
    await first.append([
      [{ kind: 'epoch', epoch: 7 }, trouble('a')],
      [trouble('b'), mark('m', { at: 3 })],
    ]);
    await first.close();
    const again = await Ledger.open(dir);
    expect(again.spool).toBe(first.spool);
    expect([again.state.highestEpoch, again.state.nextNews, again.state.marks.get('m')]).toEqual([7, 3, { at: 3 }]);
    expect(textsOf(await again.news(1, 500, 1e6))).toEqual(['a', 'b']);
    expect(textsOf(await again.news(2, 500, 1e6))).toEqual(['b']);
    await again.close();
  });

  it('is after a cut at any byte what whole steps had made, and goes on from there', async () => {
    const whole = await Ledger.open(dir);
    const sizes = [whole.bytes];
    const path = join(dir, filesOf()[0]!);
    const beginning = readFileSync(path).length;
    for (const text of ['one', 'two', 'three']) {
      await whole.append([[trouble(text), mark(text, true)]]);
      sizes.push(readFileSync(path).length - beginning);
    }
    await whole.close();
    for (let cut = 0; cut <= sizes[3]!; cut += 29) {
      const other = join(dir, `cut-${cut}`);
      mkdirSync(other);
      const copy = join(other, filesOf()[0]!);
      copyFileSync(path, copy);
      truncateSync(copy, beginning + cut);
      // What a disk may have in the place of what was not written.
      if (cut % 58 === 0) appendFileSync(copy, Buffer.alloc(40, cut));
      const ledger = await Ledger.open(other);
      const steps = sizes.filter((size) => size > 0 && size <= cut).length;
      expect(ledger.state.nextNews).toBe(1 + steps);
      expect(ledger.state.marks.size).toBe(steps);
      await ledger.append([[trouble('after')]]);
      await ledger.close();
      const again = await Ledger.open(other);
      expect(textsOf(await again.news(1, 500, 1e6))).toEqual([...['one', 'two', 'three'].slice(0, steps), 'after']);
      await again.close();
    }
  });

  it('lets files go when all of their news are committed, and never those that have one left', async () => {
    const ledger = await Ledger.open(dir, 2_000);
    for (let count = 1; count <= 100; count++) await ledger.append([[trouble(`${count} ${'x'.repeat(100)}`)]]);
    const before = filesOf().length;
    expect(before).toBeGreaterThan(3);
    await ledger.append([[{ kind: 'acked', number: 50 }]], false);
    await ledger.drop(50);
    expect(filesOf().length).toBeLessThan(before);
    expect(textsOf(await ledger.news(51, 3, 1e6)).map((text) => text.split(' ')[0])).toEqual(['51', '52', '53']);
    await ledger.close();
    const again = await Ledger.open(dir, 2_000);
    const rest: string[] = [];
    for (let next = 51; next < again.state.nextNews; ) {
      const some = await again.news(next, 7, 1e6);
      rest.push(...textsOf(some).map((text) => text.split(' ')[0]!));
      next += some.length;
    }
    expect(rest).toEqual(Array.from({ length: 50 }, (_, at) => String(51 + at)));
    await again.append([[{ kind: 'acked', number: 100 }]]);
    await again.drop(100);
    expect(filesOf()).toHaveLength(1);
    await again.close();
  });

  it('gives as much as fits, and one in any case', async () => {
    const ledger = await Ledger.open(dir);
    await ledger.append([[trouble('a'.repeat(5_000)), trouble('b'.repeat(10)), trouble('c'.repeat(10))]]);
    expect(await ledger.news(1, 500, 1_000)).toHaveLength(1);
    expect(await ledger.news(2, 500, 1_000)).toHaveLength(2);
    expect(await ledger.news(2, 1, 1_000)).toHaveLength(1);
    expect(await ledger.news(4, 500, 1_000)).toEqual([]);
    await ledger.close();
  });

  it('refuses to open when its beginning is damaged: who forgot what it ran runs nothing', async () => {
    const ledger = await Ledger.open(dir);
    await ledger.close();
    writeFileSync(join(dir, filesOf()[0]!), 'rubbish');
    await expect(Ledger.open(dir)).rejects.toThrow('Join again');
  });

  it('has something in the place of each of the news that a damaged older file had', async () => {
    const ledger = await Ledger.open(dir, 500);
    for (let count = 1; count <= 20; count++) await ledger.append([[trouble(`${count} ${'x'.repeat(60)}`)]]);
    await ledger.close();
    const path = join(dir, filesOf()[0]!);
    const content = readFileSync(path);
    content.fill(1, content.length - 50);
    writeFileSync(path, content);
    const again = await Ledger.open(dir, 500);
    const all = textsOf(await again.news(1, 500, 1e6));
    expect(all).toHaveLength(20);
    expect(all.some((text) => text.includes('cannot be read'))).toBe(true);
    expect(all.at(-1)).toContain('20 x');
    await again.close();
  });
});
