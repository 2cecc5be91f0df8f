import { standStill } from '@yosugara/testkit';
import { describe, expect, it } from 'vitest';
import { runProgram } from './program.js';

const run = (args: readonly string[], deadlineMs: number) =>
  runProgram({ program: '/bin/sh', args: ['-c', ...args], input: '', deadlineMs, signal: new AbortController().signal });

describe('a program', () => {
  it('that does not end in time is killed, and it is said so', async () =>
    expect(await run(['sleep 60'], 300)).toMatchObject({ kind: 'late', why: '/bin/sh did not end within 300 ms' }));
  it('that ended in time while we stood still has ended', async () => {
    const ended = run(['echo here'], 300);
    standStill(1_200);
    expect(await ended).toMatchObject({ kind: 'ended', code: 0, stdout: 'here\n' });
  });
});
