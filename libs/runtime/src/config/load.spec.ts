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
  it('refuses to keep sums for a shorter time than the values that may come to them late', () => {
    const retention = { valueDays: 30, hourDays: 30, dayDays: 61 };
    expect(problemsOf(good({ retention }))).toEqual([
      'yosugara.yaml line 7: key `retention.hourDays`: found 30, allowed at least 31, with valueDays 30',
    ]);
    expect(problemsOf(good({ retention: { ...retention, hourDays: 31, dayDays: 60 } }))[0]).toContain('`retention.dayDays`');
    expect(problemsOf(good({ retention: { ...retention, hourDays: 31 } }))).toEqual([]);
  });
  it('refuses an empty file with one line a missing key', () => expect(problemsOf(null).length).toBe(3));
});

describe('power devices and stop proofs', () => {
  const ipmi = (options: object = { ip: '10.0.0.9' }, program = 'fence_ipmilan') => ({
    name: 'bmc',
    driver: 'agent',
    program,
    options,
  });
  type Devices = readonly object[];
  const node = (id: string, address: string, fence?: readonly Devices[]) => ({ ...member(id, address), ...(fence && { fence }) });
  /** a and b as given, without an arbiter. */
  const two = (a: readonly Devices[] | undefined, b: readonly Devices[] | undefined, cluster: object = {}) =>
    good({}, { members: [node('a', '127.0.1.1', a), node('b', '127.0.1.2', b)], stopProofs: ['P1', 'P2'], ...cluster });
  const three = (a: readonly Devices[] | undefined, b: readonly Devices[] | undefined, cluster: object = {}) =>
    good(
      {},
      {
        members: [node('a', '127.0.1.1', a), node('b', '127.0.1.2', b), member('w', '127.0.1.3', 'witness')],
        ...cluster,
      },
    );
  const devices = [[ipmi()]];

  it('allow two nodes without an arbiter when each can be switched off', () =>
    expect(problemsOf(two(devices, devices))).toEqual([]));
  it('leave out of the default of two nodes what only an arbiter gives', () => {
    const doc = good({}, { members: [node('a', '127.0.1.1', devices), node('b', '127.0.1.2', devices)] });
    expect(parseNodeConfig(doc, () => 1).cluster.stopProofs).toEqual(['P1', 'P2']);
  });
  it('leave two nodes without devices to an operator, if that is said', () =>
    expect(problemsOf(two(undefined, undefined, { stopProofs: ['P1', 'P5'] }))).toEqual([]));
  it('allow three voters without devices: the default of an installed server', () =>
    expect(problemsOf(three(undefined, undefined))).toEqual([]));
  it('allow one member of another site, and one only', () => {
    const dr = (id: string, address: string) => member(id, address, 'dr');
    const three = good().cluster.members;
    expect(problemsOf(good({}, { members: [...three, dr('d', '127.0.1.4')] }))).toEqual([]);
    expect(problemsOf(good({}, { members: [...three, dr('d', '127.0.1.4'), dr('e', '127.0.1.5')] }))).toEqual([
      'yosugara.yaml line 7: key `cluster.members.4.kind`: found "dr", allowed at most one member of kind dr',
    ]);
  });

  it.each<[string, unknown, string, RegExp]>([
    [
      'two nodes that nothing could switch off',
      two(undefined, undefined),
      'cluster.members',
      /no power device and no witness.*nobody could ever take over/,
    ],
    [
      'P2 with a device for one node only',
      three(devices, undefined),
      'cluster.members.1.fence',
      /found nothing.*power devices for b: P2 is among/,
    ],
    ['P2 with a device for one of two nodes only', two(undefined, devices), 'cluster.members.0.fence', /power devices for a/],
    [
      'P3 without an arbiter',
      two(devices, devices, { stopProofs: ['P1', 'P2', 'P3'] }),
      'cluster.stopProofs.2',
      /P1 \| P2 \| P5: P3 rests/,
    ],
    [
      'P4 without an arbiter',
      two(devices, devices, { stopProofs: ['P4'] }),
      'cluster.stopProofs.0',
      /P4 rests on the promise of a third voter/,
    ],
    [
      'a delay in which the first shot cannot hit',
      two(devices, devices, { fencing: { delayMs: 4_999 } }),
      'cluster.fencing.delayMs',
      /at least 5000.*or a cut link switches both off/,
    ],
    [
      'power on after a fence without an arbiter',
      two(devices, devices, { fencing: { powerOnAfter: true } }),
      'cluster.fencing.powerOnAfter',
      /allowed false: without a witness/,
    ],
    ...['fence_null', 'fence_dummy', 'fence_ssh', 'fence_ack_manual', '/usr/sbin/fence_ssh', '/usr/bin/ssh', '/bin/true'].map(
      (program): [string, unknown, string, RegExp] => [
        `${program} as the only method`,
        two([[ipmi({}, program)]], devices),
        'cluster.members.0.fence.0',
        /a device that cuts the power of a and reads it back/,
      ],
    ),
    [
      'such a method as a level of its own',
      two([[ipmi()], [ipmi({}, 'fence_null')]], devices),
      'cluster.members.0.fence.1',
      /found "fence_null"/,
    ],
    [
      'a device at the own address of the host',
      three([[ipmi({ ip: '127.0.1.1' })]], devices),
      'cluster.members.0.fence.0.0.options.ip',
      /not a's own/,
    ],
    [
      'reboot without an arbiter',
      two([[ipmi({ action: 'reboot' })]], devices),
      'cluster.members.0.fence.0.0.options.action',
      /could cut the power of the survivor/,
    ],
    [
      'a power cycle without an arbiter',
      two([[ipmi({ method: 'cycle' })]], devices),
      'cluster.members.0.fence.0.0.options.method',
      /allowed off/,
    ],
    [
      'any other action than off',
      three([[ipmi({ action: 'reboot' })]], devices),
      'cluster.members.0.fence.0.0.options.action',
      /only reset may run again/,
    ],
  ])('refuse %s, naming the line and why', (_, doc, key, says) => {
    const problems = problemsOf(doc);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`yosugara.yaml line 7: key \`${key}\`: found `);
    expect(problems[0]).toMatch(says);
  });
  it('allow such a method beside a real device of the same level', () =>
    expect(problemsOf(two([[ipmi(), ipmi({}, 'fence_null')]], devices))).toEqual([]));
});
