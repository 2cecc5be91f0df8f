import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { HostKeyRing, isOpenToOthers, keyEnvironment, keyIdOf, lineOfKey, newKey, parseKeys, SettingSecrets } from './index.js';

const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});
function stateDir(keys?: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'yosugara-keys-'));
  dirs.push(dir);
  mkdirSync(join(dir, 'secrets'));
  if (keys !== undefined) writeFileSync(join(dir, 'secrets/keys'), keys, { mode: 0o600 });
  return dir;
}
const ringOf = (dir: string, env: Record<string, string> = {}, keyFile?: string) =>
  new HostKeyRing({ config: { secrets: keyFile === undefined ? {} : { keyFile } }, stateDir: dir, env });
const [one, two, three] = [newKey(), newKey(), newKey()];
const text = (...keys: readonly (typeof one)[]) => `# keys of the spec\n${keys.map(lineOfKey).join('\n')}\n`;

describe('keys', () => {
  it('are lines of a file; the last one encrypts, all of them decrypt, and their ids are of the keys themselves', () => {
    const ring = ringOf(stateDir(text(one, two)));
    expect(ring.ids).toEqual([one.id, two.id]);
    expect(ring.newest).toBe(two.id);
    expect(Buffer.from(ring.keyOf(one.id)!)).toEqual(one.key);
    expect(keyIdOf(one.key)).toBe(one.id);
    expect(ring.keyOf('00000000')).toBeNull();
    expect(ring.problem).toBeNull();
  });

  it('are from a credential of systemd before the environment, and from there before a file', () => {
    const dir = stateDir(text(one));
    const credentials = stateDir();
    expect(ringOf(dir).from?.kind).toBe('file');
    expect(ringOf(dir, { YOSUGARA_KEYS: `${lineOfKey(two)},${lineOfKey(three)}` }).ids).toEqual([two.id, three.id]);
    expect(ringOf(dir, { CREDENTIALS_DIRECTORY: credentials }).ids).toEqual([one.id]);
    writeFileSync(join(credentials, 'yosugara-keys'), text(three));
    const all = { CREDENTIALS_DIRECTORY: credentials, YOSUGARA_KEYS: lineOfKey(two) };
    expect(ringOf(dir, all)).toMatchObject({ ids: [three.id], from: { kind: 'credential' } });
  });

  it('are found by a program that is started with an environment of its own, and nothing else of it is handed on', () =>
    expect(keyEnvironment({ YOSUGARA_KEYS: 'k', CREDENTIALS_DIRECTORY: '/run/c', HOME: '/root' })).toEqual({
      ...{ YOSUGARA_KEYS: 'k', CREDENTIALS_DIRECTORY: '/run/c' },
    }));

  it('that are appended are there at the next look; a file that is gone or broken leaves those that were known, and says so', () => {
    const dir = stateDir(text(one));
    const ring = ringOf(dir);
    writeFileSync(join(dir, 'secrets/keys'), text(one, two));
    ring.refresh();
    expect(ring.newest).toBe(two.id);
    for (const [broken, says] of [
      ['not a key', 'line 1 is no key'],
      ['', 'there is no key in it'],
    ] as const) {
      writeFileSync(join(dir, 'secrets/keys'), broken);
      ring.refresh();
      expect(ring.problem).toMatchObject({ code: 'KEY_UNREADABLE', message: expect.stringContaining(says) });
      expect(ring.problem?.message).not.toContain(lineOfKey(one));
    }
    rmSync(join(dir, 'secrets/keys'));
    ring.refresh();
    expect(ring.problem).toMatchObject({ code: 'KEY_MISSING', message: expect.stringContaining('is gone') });
    expect(ring.newest).toBe(two.id);
  });

  it('that are not there where they must be are an error that names every place', () => {
    const dir = stateDir();
    const ring = ringOf(dir);
    expect([ring.newest, ring.problem]).toEqual([null, null]);
    const places = [`file ${join(dir, 'secrets/keys')}`, 'systemd credential yosugara-keys', 'YOSUGARA_KEYS'];
    for (const place of places) expect(() => ring.demand('journals are to be encrypted')).toThrow(place);
    const named = ringOf(dir, { CREDENTIALS_DIRECTORY: '/nowhere' }, '/nowhere/keys');
    expect(named.problem).toMatchObject({ code: 'KEY_MISSING', message: expect.stringContaining('the file /nowhere/keys') });
    expect(named.problem?.message).toContain('/nowhere/yosugara-keys');
    ring.refresh();
    writeFileSync(join(dir, 'secrets/keys'), text(one));
    ring.refresh();
    expect(ring.newest).toBe(one.id);
  });

  it.each(['short', `${lineOfKey(one)}AAAA`, Buffer.alloc(31).toString('base64')])('are 32 bytes: %s is none', (line) =>
    expect(() => parseKeys(`\n# first\n${line}`, 'a file')).toThrow('a file: line 3 is no key'),
  );

  it('in a file that others may read are noticed', () => {
    const file = join(stateDir(text(one)), 'secrets/keys');
    expect(isOpenToOthers(file)).toBe(false);
    chmodSync(file, 0o640);
    expect(isOpenToOthers(file)).toBe(true);
  });
});

describe('a secret of a setting', () => {
  const ring = ringOf(stateDir(text(one, two)));
  const codec = new SettingSecrets(ring);
  const place = 'setting/node/web-1/snmp.community';

  it('is stored as it is while nobody said which key encrypts', () => {
    expect(codec.seal('public', place)).toBe('public');
    expect(codec.open('public', place)).toBe('public');
    expect(codec.isCurrent('public')).toBe(true);
  });

  it('is another text each time, says its key, and opens in its own place only', () => {
    codec.encryptsBy = one.id;
    const stored = codec.seal('pässword', place);
    expect(stored).not.toContain('pässword');
    expect(stored).toMatch(new RegExp(`^sealed:1:${one.id}:`));
    expect(codec.seal('pässword', place)).not.toBe(stored);
    expect(codec.open(stored, place)).toBe('pässword');
    expect(codec.open(stored, 'setting/node/web-2/snmp.community')).toBeNull();
    const flipped = `${stored.slice(0, -2)}${stored.endsWith('AA') ? 'BB' : 'AA'}`;
    expect(codec.open(flipped, place)).toBeNull();
    expect(codec.isCurrent(stored)).toBe(true);
    expect(codec.isCurrent('public')).toBe(false);
  });

  it('of an older key opens, and is not as it would be stored now; without its key it does not open', () => {
    codec.encryptsBy = one.id;
    const stored = codec.seal('secret', place);
    codec.encryptsBy = two.id;
    expect(codec.open(stored, place)).toBe('secret');
    expect(codec.isCurrent(stored)).toBe(false);
    expect(new SettingSecrets(ringOf(stateDir(text(two)))).open(stored, place)).toBeNull();
  });
});
