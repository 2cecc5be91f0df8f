import { describe, expect, it } from 'vitest';
import { type ConfigError, parseNodeConfig } from './load.js';

const member = (id: string, address: string, kind = 'data') => ({ id, kind, address, peerId: `peer-${id}` });
const good = (change: object = {}, cluster: object = {}) => ({
  cluster: {
    id: 'test',
    members: [member('a', '127.0.1.1'), member('b', '127.0.1.2'), member('w', '127.0.1.3', 'witness')],
    ...cluster,
  },
  node: 'a',
  stateDir: '/tmp/state',
  dataDir: '/tmp/data',
  ...change,
});
const problemsOf = (doc: unknown): readonly string[] => {
  try {
    parseNodeConfig(doc, () => 7);
  } catch (error) {
    return (error as ConfigError).problems;
  }
  return [];
};

describe('the configuration of a node', () => {
  it('fills in the defaults', () => expect(parseNodeConfig(good(), () => 1).ports.syslog).toBe(5514));
  it('names line, key, what was found and what is allowed', () =>
    expect(problemsOf(good({}, { profile: 'quick' }))).toEqual([
      'yosugara.yaml line 7: key `cluster.profile`: found "quick", allowed fast | lan | tolerant | vm | wan-arbiter',
    ]));
  it('refuses an unknown key and guesses which was meant', () =>
    expect(problemsOf(good({ ports: { sylog: 514 } }))).toEqual([
      'yosugara.yaml line 7: key `ports.sylog`: found 514, allowed only the known keys here (perhaps `ports.syslog`)',
    ]));
  it('says nothing where a key is missing', () =>
    expect(problemsOf({ ...good(), stateDir: undefined })[0]).toContain('key `stateDir`: found nothing, allowed string'));
  it('refuses a node that is no member', () =>
    expect(problemsOf(good({ node: 'z' }))[0]).toContain('key `node`: found "z", allowed one of the members: a, b, w'));
  it('refuses two members with one address', () =>
    expect(problemsOf(good({}, { members: [member('a', '127.0.1.1'), member('b', '127.0.1.1')] }))[0]).toContain(
      'key `cluster.members.1.address`',
    ));
  it('refuses an address that is none', () =>
    expect(problemsOf(good({}, { members: [member('a', 'localhost'), member('b', '127.0.1.2')] }))[0]).toMatch(
      /members.0.address`: found "localhost", allowed .*IPv4.* or .*IPv6/,
    ));
  it('refuses an empty file with one line a missing key', () => expect(problemsOf(null).length).toBe(3));
});
