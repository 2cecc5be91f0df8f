import { describe, expect, it } from 'vitest';
import { addressKey, hostNameKey, type NodeDirectory, resolveNode } from './node-resolution.js';

const directory: NodeDirectory = {
  byAddress: (address) => ({ '10.0.0.1': 'RT1', '2001:db8::1': 'SW6', '10.0.0.9': 'FW' })[address],
  byHostName: (name) => ({ web01: 'WEB01', 'web01.other.example': 'OTHER' })[name],
};
const resolve = (address: string, host: string | null = null, alias?: string) =>
  resolveNode({ source: { address, port: 514 } }, { host }, directory, alias);

describe('whose message it is', () => {
  it('is told by the source address before anything else', () =>
    expect(resolve('10.0.0.1', 'web01', '10.0.0.9')).toEqual({ facilityId: 'RT1', by: 'address' }));
  it('is told by the alias of an address that nobody registered', () =>
    expect(resolve('10.1.1.1', 'web01', '10.0.0.9')).toEqual({ facilityId: 'FW', by: 'alias' }));
  it('is told by the host of the message when the address says nothing', () =>
    expect(resolve('192.0.2.1', 'web01')).toEqual({ facilityId: 'WEB01', by: 'hostName' }));
  it('prefers the whole name to the one without its domain', () => {
    expect(resolve('192.0.2.1', 'WEB01.other.example.')).toEqual({ facilityId: 'OTHER', by: 'hostName' });
    expect(resolve('192.0.2.1', 'web01.example.com')).toEqual({ facilityId: 'WEB01', by: 'hostName' });
  });
  it('may be told by an address in the place of the host', () =>
    expect(resolve('192.0.2.1', '2001:DB8:0:0::1')).toEqual({ facilityId: 'SW6', by: 'hostName' }));
  it.each([[null], ['nobody'], ['10.9.9.9'], [''], ['.']])('is nobody for host %j', (host) =>
    expect(resolve('192.0.2.1', host)).toEqual({ facilityId: 'UNREGISTERED', by: 'nothing' }),
  );
});

describe('an address', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['::FFFF:10.0.0.1', '10.0.0.1'],
    ['::ffff:a00:1', '10.0.0.1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['2001:0DB8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['::', '::'],
    ['1::', '1::'],
    ['::1', '::1'],
    ['12:34', '12:34'],
    ['1::2::3', '1::2::3'],
    ['::ffff:10.0.0.256', '::ffff:10.0.0.256'],
    ['1:2:3:4:5:6:7::8', '1:2:3:4:5:6:7::8'],
  ])('%s is looked up as %s', (written, key) => expect(addressKey(written)).toBe(key));
  it('of which every spelling is itself looked up as the same', () => {
    for (const one of ['::ffff:10.0.0.1', 'fe80::1%2', '2001:0:0:1:0:0:0:1', '1::'])
      expect(addressKey(addressKey(one))).toBe(addressKey(one));
  });
});

it('a host name has no case and no last dot', () => expect(hostNameKey('Web01.Example.COM.')).toBe('web01.example.com'));
