import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { freePort, freePorts } from './index.js';

it('free ports are all different, are never given twice, and are none that somebody listens on at any address', async () => {
  const first = await freePorts(20);
  const taken = first.at(-1)! + 1;
  const server = createServer();
  await new Promise<void>((resolve) => server.once('error', () => resolve()).listen(taken, '127.0.88.1', resolve));
  try {
    const all = [...first, ...(await freePorts(20)), await freePort()];
    expect(new Set(all).size).toBe(41);
    expect(all).not.toContain(taken);
  } finally {
    server.close();
  }
});

it('free ports are different for those who ask at the same time', async () => {
  const all = await Promise.all(Array.from({ length: 10 }, async () => await freePort()));
  expect(new Set(all).size).toBe(10);
});
