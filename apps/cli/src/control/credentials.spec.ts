import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { credentialsOf, keepSession } from './credentials.js';
import { placesOf } from './places.js';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'yosu-who-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));
const asked = (env: Record<string, string>, host: string | null = 'host-secret') =>
  credentialsOf({ HOME: home, ...env }, 'here', host);

describe('who asks', () => {
  it('is the host, where nothing else is said', () =>
    expect(asked({})).toEqual({ kind: 'host', headers: { authorization: 'Bearer host-secret' } }));
  it('is nobody away from the nodes', () => expect(asked({}, null)).toBeNull());
  it('is whose token lies in the file that the environment names, before one in the environment itself', () => {
    writeFileSync(join(home, 'token'), 'yst_file\n');
    const both = { YOSUGARA_TOKEN_FILE: join(home, 'token'), YOSUGARA_TOKEN: 'yst_env' };
    expect(asked(both)).toEqual({ kind: 'token', headers: { authorization: 'Bearer yst_file' } });
    expect(asked({ YOSUGARA_TOKEN: 'yst_env' })?.headers).toEqual({ authorization: 'Bearer yst_env' });
  });
  it('is told which file cannot be read', () =>
    expect(() => asked({ YOSUGARA_TOKEN_FILE: join(home, 'none') })).toThrow(
      /YOSUGARA_TOKEN_FILE: found .*none.*; allowed is a file/,
    ));
  it('is who logged in, at that cluster only, until they log out', () => {
    keepSession({ HOME: home }, 'here', 'session=1');
    keepSession({ HOME: home }, 'there', 'session=2');
    expect(asked({})).toEqual({ kind: 'session', headers: { cookie: 'session=1', 'x-yosugara': '1' } });
    expect(asked({ YOSUGARA_TOKEN: 'yst_env' })?.kind).toBe('token');
    keepSession({ HOME: home }, 'here', null);
    expect(asked({})?.kind).toBe('host');
    expect(credentialsOf({ HOME: home }, 'there', null)?.kind).toBe('session');
  });
  it('is nobody’s business: sessions are kept for their owner only', () => {
    keepSession({ HOME: home }, 'here', 'session=1');
    expect(statSync(join(home, '.config', 'yosugara', 'sessions.json')).mode & 0o777).toBe(0o600);
    expect(statSync(join(home, '.config', 'yosugara')).mode & 0o777).toBe(0o700);
  });
});

describe('YOSUGARA_SERVER', () => {
  const none = () => {
    throw new Error('the nodes of this host are not looked for');
  };
  it('names managers elsewhere, each with its port', () => {
    const { all, nodes, hostToken } = placesOf(none, { YOSUGARA_SERVER: 'https://a.example.org:8080,https://[2001:db8::1]' });
    expect(all.map(({ host, port }) => [host, port])).toEqual([
      ['a.example.org', 8080],
      ['2001:db8::1', 443],
    ]);
    expect([nodes.map(({ id }) => id), hostToken]).toEqual([['a.example.org', '2001:db8::1'], null]);
  });
  it.each(['http://a.example.org', 'a.example.org', 'https://eva:secret@a.example.org', ''.padEnd(3, ',')])(
    'is refused where a token would go over the network in the clear, or nowhere: %s',
    (text) => expect(() => placesOf(none, { YOSUGARA_SERVER: text })).toThrow(/YOSUGARA_SERVER.*https:\/\/HOST:PORT/),
  );
});
