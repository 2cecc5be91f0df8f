import { describe, expect, it } from 'vitest';
import { explain, YosugaraError } from './errors.js';

describe('the chain of causes on one line', () => {
  const cause = new Error('connection refused');
  it('is outermost first', () =>
    expect(explain(new YosugaraError('X', 'b did not answer', { cause }))).toBe('b did not answer: connection refused'));
  it('says a sentence once that only got another code on its way', () => {
    const wrapped = new YosugaraError('X', cause.message, { cause });
    expect(explain(new YosugaraError('Y', 'no copy', { cause: wrapped }))).toBe('no copy: connection refused');
  });
});
