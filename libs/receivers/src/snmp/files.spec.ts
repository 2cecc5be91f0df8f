import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LATCHED_BOOTS } from '@yosugara/operations';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startSnmpEngine } from './engine-state.js';
import { RefusedSamples } from './refused-samples.js';
import { loadSnmpUsers } from './users.js';

const root = mkdtempSync(join(tmpdir(), 'yosugara-snmp-files-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let dir = '';
let count = 0;
beforeEach(() => {
  dir = join(root, String(++count));
});
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('the SNMP engine of a node', () => {
  it('keeps its id over restarts and counts them', () => {
    const [first, second] = [startSnmpEngine(dir), startSnmpEngine(dir)];
    expect([first.isNew, first.boots, second.isNew, second.boots]).toEqual([true, 1, false, 2]);
    expect(hex(second.engineId)).toBe(hex(first.engineId));
  });
  it('has an id as RFC 3411 forms it, of its own', () => {
    const id = hex(startSnmpEngine(dir).engineId);
    expect(id).toMatch(/^80007ed905[0-9a-f]{24}$/);
    expect(hex(startSnmpEngine(join(dir, 'other')).engineId)).not.toBe(id);
  });
  it('keeps its counters', () => {
    const engine = startSnmpEngine(dir);
    engine.saveCounters({ ...engine.counters, wrongDigests: 5 });
    expect(startSnmpEngine(dir).counters).toMatchObject({ wrongDigests: 5, unknownEngineIds: 0 });
  });
  it('stays at the last number of starts', () => {
    const id = '80007ed905000102030405060708090a0b';
    startSnmpEngine(dir);
    for (const before of [LATCHED_BOOTS - 1, LATCHED_BOOTS]) {
      writeFileSync(join(dir, 'engine.json'), JSON.stringify({ engineId: id, boots: before }));
      expect(startSnmpEngine(dir).boots).toBe(LATCHED_BOOTS);
    }
  });
  it.each(['', '{', '{"engineId":"80","boots":1}', '{"engineId":"80007ed905aa","boots":-1}'])(
    'does not go on with a damaged file: %s',
    (text) => {
      startSnmpEngine(dir);
      writeFileSync(join(dir, 'engine.json'), text);
      expect(() => startSnmpEngine(dir)).toThrow(
        expect.objectContaining({ code: 'SNMP_ENGINE', message: expect.stringContaining('remove it') }),
      );
    },
  );
});

describe('samples of what was refused', () => {
  const sample = (reason: string, raw = Buffer.from('30', 'hex'), atUs = 60_000_000) => ({
    ...{ atUs, reason, raw, source: { address: '10.0.0.1', port: 5 } },
  });
  it('are lines for the service’s own user, some of each reason a minute', () => {
    const file = join(dir, 'refused.jsonl');
    const samples = new RefusedSamples(file);
    for (let packet = 0; packet < 50; packet++) samples.add(sample('wrong_digest'));
    samples.add(sample('unknown_user'));
    samples.flush();
    samples.add(sample('wrong_digest', Buffer.from('31', 'hex'), 120_000_000));
    samples.flush();
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    expect([lines.length, statSync(file).mode & 0o777]).toEqual([12, 0o600]);
    expect(JSON.parse(lines.at(-1)!)).toEqual({
      at: '1970-01-01T00:02:00.000Z',
      address: '10.0.0.1',
      port: 5,
      reason: 'wrong_digest',
      raw: '31',
    });
  });
  it('take no more room than two files', () => {
    const samples = new RefusedSamples(join(dir, 'refused.jsonl'));
    const minute = (number: number) => {
      for (let reason = 0; reason < 40; reason++) samples.add(sample(String(reason), Buffer.alloc(60_000), number * 60_000_000));
      samples.flush();
    };
    for (let number = 1; number <= 30; number++) minute(number);
    expect(readdirSync(dir).sort()).toEqual(['refused.jsonl', 'refused.jsonl.1']);
    for (const name of readdirSync(dir)) expect(statSync(join(dir, name)).size).toBeLessThan(1.5 * 1024 * 1024);
  });
});

describe('the passphrases of SNMP users', () => {
  const user = { name: 'ann', auth: 'sha256', priv: 'aes128' } as const;
  const secret = (name: string, text: string) => {
    const file = join(root, `${count}-${name}`);
    writeFileSync(file, text);
    return file;
  };
  it('are read without the line’s end', async () => {
    const [bare, ended] = await Promise.all(
      ['long enough', 'long enough\n'].map((text, at) => {
        const file = secret(`s${at}`, text);
        return loadSnmpUsers([{ ...user, authSecretFile: file, privSecretFile: file }]);
      }),
    );
    expect(hex(bare![0]!.auth!.key)).toBe(hex(ended![0]!.auth!.key));
  });
  it.each([
    [
      'too short',
      { authSecretFile: () => secret('a', 'short'), privSecretFile: () => secret('b', 'long enough') },
      /fewer than 8/,
    ],
    ['not named', { authSecretFile: () => secret('a', 'long enough') }, /needs a passphrase in privSecretFile/],
    ['not there', { authSecretFile: () => join(root, 'nowhere') }, /cannot read .*nowhere: SNMP user ann/],
  ] as const)('that are %s stop the start with a sentence', async (_, files, message) => {
    const named = Object.fromEntries(Object.entries(files).map(([key, file]) => [key, file()]));
    await expect(loadSnmpUsers([{ ...user, ...named }])).rejects.toThrow(message);
  });
  it('without authentication there is no privacy', async () => {
    await expect(loadSnmpUsers([{ name: 'ann', auth: 'none', priv: 'aes128' }])).rejects.toThrow(/RFC 3414 knows no such level/);
  });
});
