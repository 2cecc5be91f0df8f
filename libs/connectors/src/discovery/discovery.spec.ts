import { createSocket } from 'node:dgram';
import { SnmpAccessSchema } from '@yosugara/protocol';
import { Daemons, findSystemProgram, startSnmpd } from '@yosugara/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addressesOfRange } from './range.js';
import { searchSnmp } from './snmp-search.js';

describe('a range', () => {
  it.each([
    ['10.0.0.7', ['10.0.0.7']],
    ['10.0.0.9/30', ['10.0.0.9', '10.0.0.10']],
    ['10.0.0.9/31', ['10.0.0.8', '10.0.0.9']],
    ['10.0.0.254 - 10.0.1.1', ['10.0.0.254', '10.0.0.255', '10.0.1.0', '10.0.1.1']],
  ])('%s is these addresses', (range, addresses) => expect(addressesOfRange(range)).toEqual(addresses));
  it('of a whole /24 has 254', () => expect(addressesOfRange('192.168.255.0/24').at(-1)).toBe('192.168.255.254'));
  it.each(['10.0.0.0/23', '10.0.0.2-10.0.0.1', '10.0.0.0-10.0.1.0', '10.0.0', '10.0.0.256', '::1', 'web', '10.0.0.1/33'])(
    '%s is refused',
    (range) => expect(() => addressesOfRange(range)).toThrow(/range: found/),
  );
});

describe.skipIf(findSystemProgram('snmpd') === null)('a search (package snmpd)', () => {
  const daemons = new Daemons('snmp-search');
  let port = 0;
  beforeAll(async () => {
    ({ port } = await startSnmpd(daemons, 'rocommunity hush 127.0.0.1\nsysName the-agent\n', ''));
  });
  afterAll(async () => await daemons.stop());
  const access = (more: object = {}) =>
    SnmpAccessSchema.parse({ port, timeoutMs: 10_000, retries: 0, community: 'hush', ...more });
  const search = async (range: string, more: object = {}, deadlineMs = 20_000) =>
    await searchSnmp(addressesOfRange(range), access(more), deadlineMs, new AbortController().signal);

  it('finds who answers and says who it is', async () => {
    const { found, left } = await search('127.0.0.0-127.0.0.3');
    expect(found).toMatchObject([{ address: '127.0.0.1', name: 'the-agent', description: expect.stringContaining('Linux') }]);
    expect(found[0]?.objectId).toMatch(/^1\.3\.6\.1\.4\.1\.8072\./);
    expect(left).toBe(0);
  });
  it('finds nobody with another community', async () =>
    expect(await search('127.0.0.1', { community: 'wrong', timeoutMs: 200 })).toMatchObject({ found: [], left: 0 }));
  it('ends when its time is up, and says how many were left', async () => {
    const silent = createSocket('udp4');
    await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve));
    const begunMs = performance.now();
    const { left } = await search('127.0.0.1', { port: silent.address().port, timeoutMs: 60_000 }, 300);
    silent.close();
    expect(left).toBe(1);
    expect(performance.now() - begunMs).toBeLessThan(20_000);
  });
});
