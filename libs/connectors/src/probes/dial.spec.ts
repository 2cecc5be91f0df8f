import { createServer, type TLSSocket } from 'node:tls';
import { TestAuthority } from '@yosugara/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dial, secure } from './dial.js';
import { looked, single } from './look.js';

const authority = new TestAuthority();
const { key, cert } = authority.issue('x.example', ['DNS:x.example']);
const open = new Set<TLSSocket>();
const server = createServer({ key, cert }, (socket) => {
  open.add(socket.on('error', () => undefined));
  socket.once('close', () => open.delete(socket));
  // On its way while the other side leaves.
  socket.write('220 hello\r\n');
});
let port = 0;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as { readonly port: number }).port;
});
afterAll(async () => {
  for (const socket of open) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
  authority.remove();
});

it('who is not trusted is left right after the handshake, very often, and this process lives', async () => {
  const target = { host: '127.0.0.1', port };
  for (let times = 0; times < 100; times++) {
    const look = looked(10_000, new AbortController().signal, async (one) => {
      await secure(one, await dial(one, target), target, { verify: true, caPem: authority.ca.toString() });
      return single({ kind: 'truth', truth: true });
    });
    expect(await look).toMatchObject([
      { value: { why: `the certificate of 127.0.0.1:${port} is for DNS:x.example, not for 127.0.0.1` } },
    ]);
  }
});

it('who is trusted is left open until the look ends, and is closed then', async () => {
  const target = { host: '127.0.0.1', port };
  const answers = await looked(10_000, new AbortController().signal, async (one) => {
    const socket = await secure(one, await dial(one, target), target, {
      ...{ verify: true, caPem: authority.ca.toString(), serverName: 'x.example' },
    });
    return single({ kind: 'truth', truth: !socket.destroyed });
  });
  expect(answers).toEqual(single({ kind: 'truth', truth: true }));
  await expect.poll(() => open.size).toBe(0);
});
