import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { startTestPostgres } from './postgres.js';

it('a test PostgreSQL listens while it runs, and leaves neither process nor folder behind', async () => {
  const server = await startTestPostgres();
  try {
    await new Promise<void>((resolve, reject) => {
      const socket = connect({ host: server.host, port: server.port }, () => resolve());
      socket.once('connect', () => socket.destroy());
      socket.once('error', reject);
    });
  } finally {
    await server.stop();
    await server.stop();
  }
  expect(existsSync(server.dataDir)).toBe(false);
  expect(() => process.kill(server.pid, 0)).toThrow(/ESRCH/);
});
