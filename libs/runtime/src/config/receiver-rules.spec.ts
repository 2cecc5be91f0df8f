import { describe, expect, it } from 'vitest';
import { type ConfigError, parseNodeConfig } from './load.js';
import { sourceProperties } from './sources.js';

const member = (id: string, address: string, kind = 'data') => ({ id, kind, address, peerId: `peer-${id}` });
const config = (receiver: object, ports: object = {}) => ({
  cluster: {
    id: 'test',
    members: [member('a', '127.0.1.1'), member('b', '127.0.1.2'), member('w', '127.0.1.3', 'witness')],
  },
  ...{ node: 'a', stateDir: '/tmp/state', dataDir: '/tmp/data', receiver, ports },
});
function problemsOf(receiver: object, ports?: object): readonly string[] {
  try {
    parseNodeConfig(config(receiver, ports), () => 7);
  } catch (error) {
    return (error as ConfigError).problems;
  }
  return [];
}

describe('the configuration of a receiver', () => {
  it('takes addresses, networks and names of certificates', () =>
    expect(problemsOf({ allow: ['10.0.0.0/8', '2001:db8::/32', '192.0.2.1', 'log1.example.org', '*.dc1.example.org'] })).toEqual(
      [],
    ));
  it.each<[string, object, string]>([
    [
      'a network that is none',
      { allow: ['10.0.0.0/33'] },
      'key `receiver.allow.0`: found "10.0.0.0/33", allowed an address, a network',
    ],
    ['half an address', { allow: ['ok.example', '10.0.0'] }, 'key `receiver.allow.1`: found "10.0.0"'],
    [
      'a name that nobody shows',
      { tls: { clientCertificate: 'none', allow: ['x.example'] } },
      'key `receiver.tls.allow.0`: found "x.example"',
    ],
    ['a key without its certificate', { tls: { keyFile: '/k' } }, 'key `receiver.tls.certFile`: found nothing'],
    ['an address said twice', { sources: [{ address: '::1' }, { address: '0:0::1' }] }, 'key `receiver.sources.1.address`'],
    ['an alias that is none', { sources: [{ address: '::1', alias: '::1' }] }, 'key `receiver.sources.0.alias`'],
    ['a letter wrong', { limits: { mesagesPerSecond: 1 } }, '(perhaps `receiver.limits.messagesPerSecond`)'],
  ])('refuses %s', (_, receiver, says) => {
    const problems = problemsOf(receiver);
    expect([problems.length, problems[0]]).toEqual([1, expect.stringContaining(says)]);
  });
  it('refuses two listeners on one port', () => {
    expect(problemsOf({}, { relp: 5514 })).toEqual([
      'yosugara.yaml line 7: key `ports.relp`: found 5514, allowed a port that ports.syslog has not',
    ]);
    expect(problemsOf({}, { trap: 5514 })).toEqual([expect.stringContaining('both are UDP')]);
  });
});

it('what is known of a source is found by its address, however that was written', () => {
  const parsed = parseNodeConfig(
    config({
      sources: [
        { address: '2001:DB8:0::1', alias: '10.0.0.7' },
        { address: '10.0.0.8', delivery: 'single', charset: 'euc-jp' },
      ],
    }),
    () => 1,
  );
  const known = sourceProperties(parsed.receiver);
  expect(known.get('2001:db8::1')).toMatchObject({ delivery: 'both', alias: '10.0.0.7' });
  expect(known.get('10.0.0.8')).toMatchObject({ delivery: 'single', charset: 'euc-jp' });
});
