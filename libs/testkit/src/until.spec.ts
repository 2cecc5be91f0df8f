import { describe, expect, it } from 'vitest';
import { eventually, until } from './until.js';

/** Each look takes the next answer; the last one stays. */
function looks<T>(...answers: readonly (T | Error)[]): () => T {
  let at = 0;
  return () => {
    const answer = answers[Math.min(at, answers.length - 1)]!;
    at += 1;
    if (answer instanceof Error) throw answer;
    return answer;
  };
}

describe('what is awaited', () => {
  it('is what the first look finds that finds anything', async () => {
    expect(await eventually('a row', looks<unknown>(null, undefined, false, 0, '', { n: 1 }))).toEqual({ n: 1 });
  });

  it('is named when it does not come', async () => {
    await expect(eventually('a row', () => null, 30)).rejects.toThrow(/^a row: not within 30 ms$/);
    await expect(until(() => 1 + 1 === 3, 30)).rejects.toThrow('1 + 1 === 3: not within 30 ms');
  });

  it('comes after failures of the outside world', async () => {
    const missing = Object.assign(new Error('relation "kept" does not exist'), { code: '42P01' });
    const refused = new TypeError('fetch failed', { cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) });
    expect(await eventually('500 rows', looks<number>(missing, refused, 500))).toBe(500);
  });

  it('does not come: the last failure of the outside world is told as the cause', async () => {
    const missing = new Error('relation "kept" does not exist');
    await expect(eventually('500 rows', looks<number>(missing), 30)).rejects.toMatchObject({
      message: '500 rows: not within 30 ms; last: relation "kept" does not exist',
      cause: missing,
    });
    await expect(eventually('500 rows', looks<number | null>(missing, null), 30)).rejects.toThrow(/^500 rows: not within 30 ms$/);
  });

  it.each([
    ['a mistake in the look', () => (undefined as unknown as { n: number }).n, TypeError],
    ['what must not be seen', () => expect(1).toBe(2) as unknown as number, /expected 1 to be 2/],
  ])('is not waited for after %s', async (_, look, thrown) => {
    let looked = 0;
    const counted = () => {
      looked += 1;
      return look();
    };
    await expect(eventually('a number', counted)).rejects.toThrow(thrown);
    expect(looked).toBe(1);
  });
});
