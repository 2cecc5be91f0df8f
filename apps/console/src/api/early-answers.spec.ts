import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { begin, call } from './client.js';

const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A manager that answers how often it was asked; the first `refusals` times it refuses. */
async function aManager(refusals = 0): Promise<string> {
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    response.writeHead(asked <= refusals ? 401 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ asked }));
  });
  closers.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

it('what was asked before the page was there is taken once', async () => {
  const url = await aManager();
  begin(url);
  expect(await call(url)).toEqual({ asked: 1 });
  expect(await call(url)).toEqual({ asked: 2 });
});
it('what was asked before the program was read is not asked again', async () => {
  const url = await aManager();
  globalThis.yosugaraBegun = { [url]: fetch(url) };
  await globalThis.yosugaraBegun[url];
  begin(url);
  expect(await call(url)).toEqual({ asked: 1 });
  expect(await call(url)).toEqual({ asked: 2 });
});
it('what was refused before somebody logged in is asked again', async () => {
  const url = await aManager(1);
  begin(url);
  expect(await call(url)).toEqual({ asked: 2 });
});
it('a command takes no answer of a question', async () => {
  const url = await aManager();
  begin(url);
  expect(await call(url, { method: 'POST' })).not.toEqual(await call(url));
});
it('nobody who answered is asked again', async () => {
  const url = await aManager();
  begin('http://127.0.0.1:1/');
  await expect(call('http://127.0.0.1:1/')).rejects.toMatchObject({ code: 'UNREACHABLE' });
  expect(await call(url)).toEqual({ asked: 1 });
});
