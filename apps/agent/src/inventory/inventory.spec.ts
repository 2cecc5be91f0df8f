import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { INVENTORY, type Inventory, type InventoryItem, InventorySchema } from '@yosugara/protocol/inventory';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { collectInventory, inventoried } from './collect.js';
import { itemOf } from './item.js';
import { debianPackages, readPackages, rpmPackages } from './packages.js';
import { addressOf } from './programs.js';

const dirs: string[] = [];
afterEach(() => {
  delete process.env['DPKG_ADMINDIR'];
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

const of = (items: readonly InventoryItem[], kind: InventoryItem['kind']) => items.filter((item) => item.kind === kind);

describe('what this host consists of', () => {
  let seen: Inventory;
  beforeAll(async () => {
    seen = await collectInventory();
  });
  it('is what managers take', () => {
    expect(seen.troubles).toEqual([]);
    expect(InventorySchema.parse(seen)).toEqual(seen);
    const keys = seen.items.map(({ kind, key }) => `${kind} ${key}`);
    expect(new Set(keys).size).toBe(keys.length);
  });
  it('is what others say of it', () => {
    expect(of(seen.items, 'host')).toMatchObject([{ name: hostname() }]);
    expect(of(seen.items, 'memory')[0]?.fields['total']).toBe(totalmem());
    expect(of(seen.items, 'os')[0]?.fields['kernel']).toBe(execFileSync('uname', ['-r'], { encoding: 'utf8' }).trim());
    expect(of(seen.items, 'cpu').length).toBeGreaterThan(0);
    expect(of(seen.items, 'filesystem').map(({ name }) => name)).toContain('/');
    expect(of(seen.items, 'interface').find(({ name }) => name === 'lo')?.fields['addresses']).toContain('127.0.0.1/8');
    const [boot] = of(seen.items, 'boot');
    expect(Date.parse(String(boot?.fields['at']))).toBeLessThan(Date.now());
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query fills it in.
    const installed = execFileSync('dpkg-query', ['-W', '-f=${db:Status-Abbrev}\\n'], { encoding: 'utf8' });
    expect(of(seen.items, 'package')).toHaveLength(installed.split('\n').filter((status) => status[1] === 'i').length);
  });
  it('has ports with who listens there, and no arguments of programs', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as { readonly port: number };
      const { items } = await collectInventory();
      const [own] = of(items, 'port').filter(({ fields }) => fields['port'] === port);
      expect(own).toMatchObject({ name: `${port}/tcp`, fields: { address: '127.0.0.1', program: process.execPath } });
      expect(of(items, 'process').every(({ fields }) => Object.keys(fields).every((field) => field === 'user'))).toBe(true);
    } finally {
      server.close();
    }
  });
  it('is sent packed, and the same look answers whoever asks meanwhile', async () => {
    const [one, other] = await Promise.all([inventoried(1), inventoried(2)]);
    expect([one.id, other.id, one.why]).toEqual([1, 2, null]);
    expect(other.packed).toBe(one.packed);
    expect(
      InventorySchema.parse(JSON.parse(gunzipSync(Buffer.from(one.packed!, 'base64')).toString())).items.length,
    ).toBeGreaterThan(10);
  });
});

describe('packages', () => {
  it('are those of dpkg’s database, and follow it', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'yosugara-dpkg-'));
    dirs.push(dir);
    const install = (...packages: readonly (readonly [string, string, string?])[]) =>
      writeFileSync(
        join(dir, 'status'),
        packages
          .map(
            ([name, version, status = 'install ok installed']) =>
              `Package: ${name}\nStatus: ${status}\nMaintainer: Spec <spec@example.com>\nArchitecture: amd64\nVersion: ${version}\nDescription: of a spec\n`,
          )
          .join('\n'),
      );
    mkdirSync(join(dir, 'info'));
    mkdirSync(join(dir, 'updates'));
    process.env['DPKG_ADMINDIR'] = dir;
    install(['openssl', '3.0.16-1'], ['gone', '1', 'deinstall ok config-files']);
    expect(await readPackages()).toEqual([
      {
        ...{ kind: 'package', key: 'openssl:amd64', name: 'openssl' },
        fields: { version: '3.0.16-1', architecture: 'amd64', vendor: 'Spec <spec@example.com>', by: 'dpkg' },
      },
    ]);
    install(['openssl', '3.0.17-1'], ['zsh', '5.9']);
    expect((await readPackages()).map(({ name, fields }) => `${name} ${fields['version']}`)).toEqual([
      'openssl 3.0.17-1',
      'zsh 5.9',
    ]);
  });
  it('that cannot be read are trouble, and not none', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'yosugara-dpkg-'));
    dirs.push(dir);
    cpSync('/etc/hostname', join(dir, 'status'));
    process.env['DPKG_ADMINDIR'] = dir;
    const { items, troubles } = await collectInventory([{ kinds: ['package'], read: readPackages }]);
    expect(items).toEqual([]);
    expect(troubles).toEqual([{ kind: 'package', why: expect.stringContaining('dpkg-query') }]);
  });
  it('of rpm may be there in several versions', () => {
    const text = 'kernel\t5.14.0-1.el9\tx86_64\tRed Hat\nkernel\t5.14.0-2.el9\tx86_64\tRed Hat\nbind\t32:9.16\tx86_64\t(none)\n';
    expect(rpmPackages(text).map(({ key, fields }) => [key, fields['version'], fields['vendor']])).toEqual([
      ['kernel:x86_64:5.14.0-1.el9', '5.14.0-1.el9', 'Red Hat'],
      ['kernel:x86_64:5.14.0-2.el9', '5.14.0-2.el9', 'Red Hat'],
      ['bind:x86_64', '32:9.16', undefined],
    ]);
  });
  it('with names that are no texts are told all the same', () => {
    const [item] = debianPackages('a\x01b\ud800\t1\tamd64\tx\tii \n');
    expect(item?.name).toBe('a\u{FFFD}b\u{FFFD}');
    expect(InventorySchema.safeParse({ format: 1, items: [item] }).success).toBe(true);
    expect(itemOf('package', '😀'.repeat(300), 'x', {}).key).toBe('😀'.repeat(128));
  });
});

it('of too many the same ones are told each time, and how many there were', async () => {
  const { most } = INVENTORY.device;
  const found = Array.from({ length: most + 5 }, (_, at) => itemOf('device', String(at).padStart(5, '0'), 'x', {}));
  const { items, cut } = await collectInventory([{ kinds: ['device'], read: async () => found.toReversed() }]);
  expect(items).toEqual(found.slice(0, most));
  expect(cut).toEqual([{ kind: 'device', kept: most, found: most + 5 }]);
});

it('a reader that fails takes nothing from the others', async () => {
  const broken = { kinds: ['port', 'process'] as const, read: () => Promise.reject(new Error('no\x00way')) };
  const { items, troubles } = await collectInventory([
    broken,
    { kinds: ['device'], read: async () => [itemOf('device', 'a', 'a', {})] },
  ]);
  expect(items).toHaveLength(1);
  expect(troubles).toEqual(['port', 'process'].map((kind) => ({ kind, why: 'no way' })));
});

it.each([
  ['0100007F', '127.0.0.1'],
  ['00000000000000000000000000000000', '::'],
  ['00000000000000000000000001000000', '::1'],
  ['B80D0120000000000000000001000000', '2001:db8::1'],
])('an address as the kernel writes it: %s', (hex, expected) => expect(addressOf(hex)).toBe(expected));
