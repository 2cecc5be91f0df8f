/** What sends, how, and what may be lost. One numbered stream of messages each. */
export interface SenderStream {
  readonly name: string;
  readonly program: 'rsyslog' | 'syslog-ng' | 'net-snmp';
  /** Below docs/senders: what a reader of the docs would install. */
  readonly config: string;
  /** How it goes, for the table. */
  readonly way: string;
  readonly perSecond: number;
  /** none: nothing may be lost or doubled. stated: what plain datagrams or TCP to one place lose is measured and told; nothing may be doubled. */
  readonly loss: 'none' | 'stated';
}

const rsyslog = (file: string, way: string, perSecond: number, loss: SenderStream['loss'] = 'none'): SenderStream => ({
  ...{ name: `rsyslog-${file}`, program: 'rsyslog', config: `rsyslog/${file}.conf`, way, perSecond, loss },
});
const syslogNg = (file: string, way: string, perSecond: number, loss: SenderStream['loss'] = 'none'): SenderStream => ({
  ...{ name: `syslog-ng-${file}`, program: 'syslog-ng', config: `syslog-ng/${file}.conf`, way, perSecond, loss },
});
/** A process for each notification and node: what a script does. A device would send hundreds from one process. */
const netSnmp = (how: string, config: string, way: string, perSecond: number): SenderStream => ({
  ...{ name: `net-snmp-${how}`, program: 'net-snmp', config, way, perSecond, loss: 'none' },
});

/** 5 000 messages a second together. */
export const STREAMS: readonly SenderStream[] = [
  rsyslog('udp-both', 'UDP to both', 780),
  rsyslog('tcp-both', 'TCP to both', 700),
  rsyslog('tls-both', 'TLS to both', 600),
  rsyslog('relp-vip', 'RELP to the VIP', 600),
  rsyslog('tcp-vip', 'TCP to the VIP', 400, 'stated'),
  rsyslog('udp-vip', 'UDP to the VIP', 400, 'stated'),
  syslogNg('udp-both', 'UDP to both', 500),
  syslogNg('tcp-both', 'TCP to both', 400),
  syslogNg('tls-both', 'TLS to both', 300),
  syslogNg('tcp-vip', 'TCP to the VIP', 300, 'stated'),
  netSnmp('trap', 'net-snmp/notify-both.sh', 'TRAP v2c to both', 7),
  netSnmp('inform', 'net-snmp/notify-both.sh', 'INFORM v2c to both', 5),
  netSnmp('trap-v3', 'net-snmp/snmpd.conf', 'TRAP v3 to both', 4),
  netSnmp('inform-v3', 'net-snmp/snmpd.conf', 'INFORM v3 to both', 4),
];

export const DEFAULT_RATE = STREAMS.reduce((sum, { perSecond }) => sum + perSecond, 0);

/** The same streams, all together at another rate. */
export const streamsAt = (rate: number): readonly SenderStream[] =>
  STREAMS.map((stream) => ({ ...stream, perSecond: (stream.perSecond * rate) / DEFAULT_RATE }));
