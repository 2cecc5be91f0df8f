import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { addNewKey, exportedKeys, importKeys } from './secret-keys.js';

const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});
/** A node of this host, of which only the state folder is known. */
function node() {
  const stateDir = mkdtempSync(join(tmpdir(), 'yosugara-cli-keys-'));
  dirs.push(stateDir);
  mkdirSync(join(stateDir, 'secrets'));
  return [{ stateDir, config: null }];
}

it('a key is made at the end of the file, and goes to another node behind those that it has, in their order', async () => {
  const [a, b] = [node(), node()];
  const first = await addNewKey(a, {});
  expect(await importKeys(b, {}, exportedKeys(a, {}))).toMatchObject({ added: [first.key], keys: [first.key] });
  const second = await addNewKey(a, {});
  expect(second.keys).toEqual([first.key, second.key]);
  expect(await importKeys(b, {}, exportedKeys(a, {}))).toMatchObject({ added: [second.key], keys: [first.key, second.key] });
  expect(await importKeys(b, {}, exportedKeys(a, {}))).toMatchObject({ added: [] });
  const file = join(b[0]!.stateDir, 'secrets/keys');
  expect(readFileSync(file, 'utf8')).toBe(readFileSync(join(a[0]!.stateDir, 'secrets/keys'), 'utf8'));
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it('nothing is handed over where there is no key, nothing is taken that is none, and a credential is not written to', async () => {
  const a = node();
  expect(() => exportedKeys(a, {})).toThrow(expect.objectContaining({ code: 'KEY_MISSING' }));
  await expect(importKeys(a, {}, 'hello')).rejects.toThrow('standard input: line 1 is no key');
  await expect(importKeys(a, {}, '')).rejects.toThrow('no key came');
  await addNewKey(a, {});
  const env = { YOSUGARA_KEYS: exportedKeys(a, {}) };
  await expect(addNewKey(a, env)).rejects.toThrow('the keys of this node are in the environment');
});
