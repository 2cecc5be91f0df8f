import { expect, it } from 'vitest';
import { pathOfMatrix } from './qr-model.js';

it('the dark modules of a code are drawn as stretches of their rows, and nothing else is', () => {
  expect(
    pathOfMatrix([
      [true, true, false, true],
      [false, false, false, false],
      [false, true, true, true],
    ]),
  ).toBe('M0 0h2v1h-2zM3 0h1v1h-1zM1 2h3v1h-3z');
  expect(pathOfMatrix([])).toBe('');
});
