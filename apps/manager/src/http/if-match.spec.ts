import { describe, expect, it } from 'vitest';
import { demandedRevision } from './if-match.js';

describe('what a change was made from', () => {
  it.each([
    ['"7"', undefined, 7],
    ['W/"7"', undefined, 7],
    [' * ', undefined, 'some'],
    [undefined, '*', null],
  ] as const)('if-match %s, if-none-match %s is %s', (ifMatch, ifNoneMatch, expected) =>
    expect(demandedRevision(ifMatch, ifNoneMatch)).toBe(expected),
  );
  it('must be said', () =>
    expect(() => demandedRevision(undefined)).toThrow(expect.objectContaining({ status: 428, code: 'PRECONDITION_REQUIRED' })));
  it.each([
    ['abc', undefined],
    ['"7"', '*'],
    [undefined, '"7"'],
  ])('if-match %s with if-none-match %s is no such word', (ifMatch, ifNoneMatch) =>
    expect(() => demandedRevision(ifMatch, ifNoneMatch)).toThrow(expect.objectContaining({ status: 400 })),
  );
});
