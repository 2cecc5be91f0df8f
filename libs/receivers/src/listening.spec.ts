import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { boundPort, listening, type Place } from './listening.js';

const dir = mkdtempSync(join(tmpdir(), 'yosugara-listening-'));
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const listeningAt = async (place: Place) => {
  const server = createServer();
  await listening(server, place);
  servers.push(server);
  return server;
};

describe.each<[string, Place]>([
  ['an address', { address: '127.0.0.1', port: 0 }],
  ['a path', { path: join(dir, 'socket') }],
])('a server that listens on %s', (_, place) => {
  it('lives on when it has no file descriptor left for a connection, as often as that happens', async () => {
    const server = await listeningAt(place);
    const full = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' });
    expect([server.emit('error', full), server.emit('error', full)]).toEqual([true, true]);
  });
});

it('a port that another one has is told as that', async () => {
  const port = boundPort(await listeningAt({ address: '127.0.0.1', port: 0 }), 0);
  await expect(listening(createServer(), { address: '127.0.0.1', port })).rejects.toMatchObject({ code: 'PORT_IN_USE' });
});
