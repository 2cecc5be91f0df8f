import { spawn } from 'node:child_process';
import { once } from 'node:events';
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

it.runIf(process.platform === 'linux')('free ports that another process was given are not given again', async () => {
  const before = await freePort();
  const next = [1, 2, 3].map((more) => before + more);
  const given = `for (const port of [${next}]) require('net').createServer().listen(String.fromCharCode(0) + 'yosugara-port-' + port);`;
  const other = spawn(process.execPath, ['-e', `${given} setImmediate(() => console.log('given'));`]);
  try {
    await once(other.stdout, 'data');
    for (const port of await freePorts(3)) expect(next).not.toContain(port);
  } finally {
    other.kill('SIGKILL');
  }
});
