import { DeadlineError } from '@yosugara/kernel';
import { EMPTY_WINDOW, type MergeRecord, mergeBegin } from '@yosugara/operations';
import { describe, expect, it } from 'vitest';
import { LatePartners } from './late-partners.js';
import type { LoneQuestion } from './ports.js';

const state = mergeBegin(['a', 'b'], { ...EMPTY_WINDOW, throughUs: { a: 9e12, b: 9e12 } });
const records = (count: number, everyMs: number): readonly MergeRecord[] =>
  Array.from({ length: count }, (_, at) => {
    return { journalId: 'ja', seq: at + 1, node: 'a', atUs: (10_000 + at * everyMs) * 1_000, content: `content ${at}` };
  });

/** @param most contents of a question that it answers in time. */
function asked(most: number) {
  const questions: LoneQuestion[] = [];
  const partners = new LatePartners({
    findLone: async (question) => {
      questions.push(question);
      if (question.contents.length > most) throw new DeadlineError('looking for late partners', 10);
      return [];
    },
  });
  return { partners, questions };
}

describe('late partners', () => {
  it('are asked for all at once where the database is quick', async () => {
    const { partners, questions } = asked(1_000);
    expect((await partners.of(state, records(100, 10))).records).toHaveLength(100);
    expect(questions).toHaveLength(1);
  });
  it('are asked for fewer records where it takes too long, and for a few more the next time', async () => {
    const { partners, questions } = asked(30);
    expect((await partners.of(state, records(100, 10))).records).toHaveLength(25);
    expect(questions.map(({ contents }) => contents.length)).toEqual([100, 50, 25]);
    questions.length = 0;
    expect((await partners.of(state, records(100, 10))).records).toHaveLength(29);
    expect(questions.map(({ contents }) => contents.length)).toEqual([29]);
  });
  it('of one record that takes too long are a failure that says so', async () => {
    const { partners } = asked(0);
    await expect(partners.of(state, records(3, 10))).rejects.toThrow(DeadlineError);
  });
  it('are asked for in at most 64 stretches of time at once', async () => {
    const { partners, questions } = asked(1_000);
    expect((await partners.of(state, records(100, 60_000))).records).toHaveLength(50);
    expect(questions).toHaveLength(50);
  });
});
