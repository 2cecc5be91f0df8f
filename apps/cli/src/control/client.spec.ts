import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { standStill } from '@yosugara/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askSocket } from './client.js';

const DEADLINE_MS = 120;

let path = '';
let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'yosugara-client-'));
  path = join(dir, 's');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function asked(answers: (socket: Socket) => void): Promise<unknown> {
  const server = createServer((socket) => void socket.on('error', () => undefined).once('data', () => answers(socket)));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  try {
    return await askSocket(path, { method: 'status' }, DEADLINE_MS);
  } finally {
    server.close();
  }
}

describe('a controller that is asked', () => {
  it('has answered in time when its answer lay there while we stood still', async () =>
    expect(
      await asked((socket) => {
        socket.write('{"id":1,"result":"here"}\n');
        standStill(3 * DEADLINE_MS);
      }),
    ).toBe('here'));
  it('and says nothing has not answered', async () =>
    await expect(asked(() => undefined)).rejects.toMatchObject({ code: 'DEADLINE', message: expect.stringContaining('120') }));
});
