import { expect, it } from 'vitest';
import { clip, painter, processTerminal, table } from './terminal.js';

const paint = painter({ out: () => undefined, note: () => undefined, color: true, live: true, columns: 80 });

it('columns stand below each other whatever script they are in', () => {
  const lines = table(
    ['NAME', 'ROLE'],
    [
      ['夜間監視', 'x'],
      ['Eva', 'y'],
      ['ガド', 'z'],
    ],
  ).split('\n');
  expect(lines).toEqual(['NAME      ROLE', '夜間監視  x', 'Eva       y', 'ガド      z']);
});

it('lines that are drawn over are no wider than the terminal, and colours end', () => {
  expect(clip('short\nlonger than that', 8)).toBe('short\nlonger …');
  expect(clip(`${paint('critical', 'red')} disk`, 6)).toBe('\x1b[31mcriti…\x1b[0m');
  expect(clip('夜間監視', 6)).toBe('夜間…');
  expect(clip(paint('fits', 'red'), 4)).toBe(paint('fits', 'red'));
});

it('there are no colours and no pictures where NO_COLOR or a dumb terminal says so, or where nobody watches', () => {
  const { color, screen, live } = processTerminal({ NO_COLOR: '1', TERM: 'dumb' });
  expect([color, screen, live]).toEqual([false, false, false]);
});
