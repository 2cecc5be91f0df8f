import 'reflect-metadata';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Eras, startNode, type TestNode } from '../testing/harness.js';

const run = promisify(execFile);
const PAGE = readFileSync(join(import.meta.dirname, '../../../../docs/api.md'), 'utf8');
const BLOCKS = [...PAGE.matchAll(/```sh api\n([\s\S]*?)```/g)].map(([, text]) => text!);
const NODE = { body: { name: 'web1', addresses: ['10.0.0.1'] } };
const patient = { withinMs: 60_000 };
let server: TestPostgres;
let node: TestNode;
let token: string;

beforeAll(async () => {
  server = await startTestPostgres();
  const { host, port } = server;
  const postgres = { host, port };
  node = await startNode({ node: 'a', address: '127.0.85.1', vip: '127.0.85.9', port: await freePort(), postgres });
  await new Eras().becomeActive(node, 'a');
  const cookie = await node.login();
  const made = await node.call('POST', '/api/v1/tokens', {
    cookie,
    body: { name: 'page', roles: ['admin'], days: 1 },
    ...patient,
  });
  token = made.body.secret;
  // The page changes revision 7.
  for (let revision = 1; revision <= 7; revision++)
    await node.call('PUT', '/api/v1/settings/node/web1', {
      bearer: token,
      body: { ...NODE, description: `revision ${revision}` },
    });
});
afterAll(async () => {
  await node?.stop();
  await server?.stop();
});

/** As somebody would type it, to this node; a stream is left after a second. */
async function typed(block: string): Promise<string> {
  const lines = block
    .replace(/^export YOSUGARA=.*$/m, '')
    .replaceAll('--cacert ca.pem', '-sS')
    .replaceAll(' -N ', ' -N --max-time 1 ');
  const env = { ...process.env, YOSUGARA: node.url, TOKEN: token, NEXT: '1000000', LAST: '' };
  return await run('bash', ['-euc', lines], { env, timeout: 30_000 }).then(
    ({ stdout }) => stdout,
    (error: { readonly code?: number; readonly stdout?: string; readonly stderr?: string }) => {
      // 28: curl's own word for a time that is over.
      if (error.code === 28) return error.stdout ?? '';
      throw new Error(`${block}: ${error.stderr}`);
    },
  );
}

it('what the page tells to type does what it says', async () => {
  expect(BLOCKS.length).toBeGreaterThan(4);
  const answers: string[] = [];
  for (const block of BLOCKS) answers.push(await typed(block));
  const [events, sessions, put, changed] = answers;
  expect([JSON.parse(events!), JSON.parse(sessions!)]).toEqual(Array(2).fill({ rows: [], next: null }));
  expect(JSON.parse(put!)).toMatchObject({ done: 'changed', revision: 8 });
  expect(JSON.parse(changed!)).toEqual({ changed: [], unknown: [4711] });
  // In the second that is waited for it a busy machine may stand still.
  await expect.poll(async () => await typed(BLOCKS[4]!), { timeout: 60_000 }).toContain('event: hello');
  // Once more it is another revision.
  expect(JSON.parse(await typed(BLOCKS[2]!))).toMatchObject({
    code: 'REVISION_MISMATCH',
    status: 412,
    type: 'urn:yosugara:REVISION_MISMATCH',
  });
});
