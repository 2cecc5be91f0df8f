import { expect, it } from 'vitest';
import { Undo } from './undo.js';

it('what was begun is ended in the opposite order, all of it, and the first failure is told', async () => {
  const undo = new Undo();
  const ended: string[] = [];
  const fails = (name: string) => () => {
    ended.push(name);
    throw new Error(`${name} does not end`);
  };
  undo.push(() => ended.push('journal'));
  undo.push(fails('copy'));
  undo.push(async () => fails('socket')());
  undo.push(() => ended.push('timer'));
  await expect(undo.run()).rejects.toThrow('socket does not end');
  expect(ended).toEqual(['timer', 'socket', 'copy', 'journal']);
  await expect(undo.run()).resolves.toBeUndefined();
});
