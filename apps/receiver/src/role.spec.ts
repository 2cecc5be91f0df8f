import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveLines } from '@yosugara/receivers';
import { until } from '@yosugara/testkit';
import { afterEach, expect, it } from 'vitest';
import { RoleWatch } from './role.js';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

it('says that a word is over when it is, however early the timer of the system rings', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'yosugara-role-'));
  closers.push(() => rmSync(dir, { recursive: true, force: true }));
  // It stands until the word was heard: that one is over when it comes, where this process stood still, is another story.
  let heardMs: number | null = null;
  const slow = () => (heardMs === null ? 0 : (performance.now() - heardMs) / 3);
  const path = join(dir, 'control.sock');
  const event = { node: 'a', epoch: 1, mode: 'active', master: 'a', vip: true, syncSet: ['a', 'b'], ingestAlone: false };
  const control = await serveLines(path, {
    onDocument: (_, connection) => connection.send({ id: 1, event: { ...event, leaseUntilMs: slow() + 30 } }),
  });
  closers.push(() => control.close());
  const said: boolean[] = [];
  const onChange = () => {
    said.push(role.vip);
    heardMs ??= performance.now();
  };
  const role = new RoleWatch(path, onChange, slow);
  closers.push(() => role.stop());
  await until(() => said.length === 2);
  expect(said).toEqual([true, false]);
});
