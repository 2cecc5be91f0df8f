import { getPriority } from 'node:os';
import { expect, it } from 'vitest';
import { run } from './run.js';

it('a copy gives way to everything else on its host, and so does what it starts', async () => {
  const ours = getPriority();
  const options = { cwd: '/', deadlineMs: 20_000 };
  // Its input ends after the priority was set, so what follows `cat` is started with it.
  const script = 'cat > /dev/null; nice';
  const { stdout } = await run('sh', ['-c', script], { ...options, givesWay: true });
  expect(Number(stdout)).toBe(Math.max(10, ours));
  expect(Number((await run('sh', ['-c', script], options)).stdout)).toBe(ours);
});
