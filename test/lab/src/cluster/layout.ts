import type { NetworkPlace } from '../host/network.js';

/** Addresses of the lab's segments; they exist in namespaces only. */
const place = (name: string, last: number, site: 1 | 2 = 1): NetworkPlace => ({
  name,
  address: `10.${site === 1 ? 77 : 78}.0.${last}`,
  mac: `02:79:73:67:00:${last.toString(16).padStart(2, '0')}`,
  site,
});

export const PLACES = {
  a: place('a', 11),
  b: place('b', 12),
  w: place('w', 13),
  client: place('client', 50),
  foreign: place('foreign', 66),
  /** Where rsyslog, syslog-ng and net-snmp send from. */
  senders: place('senders', 60),
  /** What is monitored, and who is told. */
  managed: place('managed', 70),
  /** A host that is there to be pinged. */
  pinged: place('pinged', 71),
  /** The copy in another site, on a network of its own behind a router. */
  d: place('d', 21, 2),
} as const;
/** The power controllers, on the wire. */
export const BOARDS = { address: '10.77.0.200', ports: { a: 6230, b: 6231 } } as const;
export const VIP = '10.77.0.100';

export type MemberName = 'a' | 'b' | 'w' | 'd';
/** Who may be elected. */
export type DataName = 'a' | 'b';
/** Who runs PostgreSQL. */
export type StoreName = DataName | 'd';
export const DATA_NAMES = ['a', 'b'] as const;
export const MEMBER_NAMES = ['a', 'b', 'w'] as const;
/** The arbiter last: it is asked whether all is well. */
export const MEMBER_NAMES_WITH_DR = ['a', 'b', 'd', 'w'] as const;

/** The ports of the configuration's defaults (libs/protocol, NodeConfigSchema). */
export const PORTS = { api: 8080, status: 8081, syslog: 5514, trap: 1162, postgres: 5442 } as const;

export const otherOf = (name: DataName): DataName => (name === 'a' ? 'b' : 'a');
