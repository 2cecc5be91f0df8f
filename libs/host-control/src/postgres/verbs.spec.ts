import { describe, expect, it } from 'vitest';
import { PostgresControlError } from '../errors.js';
import { Verbs } from './verbs.js';

describe('a verb ends with a look that began after it', () => {
  const verbsOf = (said: string[]) =>
    new Verbs(
      Promise.resolve(),
      {
        look: async () => {
          said.push('look');
          return { kind: 'unknown' };
        },
        poke: () => said.push('poke'),
      },
      () => said.push('begin'),
    );

  it('when it did what it should', async () => {
    const said: string[] = [];
    await verbsOf(said).do(async () => said.push('work'));
    expect(said).toEqual(['begin', 'work', 'look', 'poke']);
  });
  it('when it failed: what was true half-way is decided upon by nobody', async () => {
    const said: string[] = [];
    const failing = verbsOf(said).do(async () => {
      said.push('work');
      throw new PostgresControlError('SOURCE_UNREACHABLE', 'a did not answer; nothing was changed here');
    });
    await expect(failing).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' });
    expect(said).toEqual(['begin', 'work', 'look', 'poke']);
  });
});
