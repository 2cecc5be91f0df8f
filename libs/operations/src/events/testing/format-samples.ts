import type { ParsedMessage } from '../record.js';
import type { ParseOptions } from '../syslog.js';

/** One line as a sender of that kind sends it, and what it becomes. docs/formats.md is made of these, the fuzzer begins with them. */
export interface FormatSample {
  readonly format: string;
  readonly line: string | Uint8Array;
  readonly source?: ParseOptions;
  readonly becomes: Expected;
}

/** What is not named is null. `sentAt` in ISO 8601 with as many digits as it has. */
export type Expected = Partial<Omit<ParsedMessage, 'sentAtUs' | 'varbinds'>> & {
  readonly sentAt?: string;
  readonly text: string;
};

/** When all of them were received. */
export const SAMPLES_RECEIVED_AT = '2026-11-21T12:00:00Z';

const utf8 = new TextEncoder();
/** Text with bytes of another charset in it. */
const bytes = (...parts: readonly (string | readonly number[])[]) =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? [...utf8.encode(part)] : part)));
const sample = (format: string, line: string | Uint8Array, becomes: Expected, source?: ParseOptions): FormatSample =>
  source === undefined ? { format, line, becomes } : { format, line, becomes, source };

const TOKYO = { timeZone: 'Asia/Tokyo' } as const;

const STANDARDS: readonly FormatSample[] = [
  sample(
    'RFC 5424 with structured data',
    '<165>1 2026-11-21T10:14:15.003Z web1.example.com evntslog 77 ID47 [exampleSDID@32473 iut="3" eventSource="App" eventID="1011"] An application event',
    {
      ...{ facility: 20, severity: 5, host: 'web1.example.com', app: 'evntslog', procId: '77', msgId: 'ID47' },
      ...{ sentAt: '2026-11-21T10:14:15.003Z', text: 'An application event' },
      structured: { 'exampleSDID@32473': { iut: '3', eventSource: 'App', eventID: '1011' } },
    },
  ),
  sample('RFC 5424, a parameter twice, escapes', '<165>1 - h app - - [x@1 ip="10.0.0.1" ip="10.0.0.2" q="a\\"b\\]c"] text', {
    ...{ facility: 20, severity: 5, host: 'h', app: 'app', text: 'text' },
    structured: { 'x@1': { ip: ['10.0.0.1', '10.0.0.2'], q: 'a"b]c' } },
  }),
  sample('RFC 5424 without anything', '<13>1 - - - - - -', { facility: 1, severity: 5, text: '' }),
  sample('RFC 5424 with a byte order mark', '<13>1 2026-11-21T10:00:00+09:00 h app - - - \uFEFFテスト', {
    ...{ facility: 1, severity: 5, host: 'h', app: 'app', sentAt: '2026-11-21T01:00:00Z', text: 'テスト' },
  }),
  sample('RFC 5424, structured data broken', '<13>1 2026-11-21T10:00:00Z h app - - [x a=1] text', {
    ...{ facility: 1, severity: 5, host: 'h', app: 'app', sentAt: '2026-11-21T10:00:00Z' },
    ...{ text: '[x a=1] text', reason: 'bad_structured_data' },
  }),
  sample('RFC 5424, structured data left out', '<13>1 2026-11-21T10:00:00Z h app 123 - hello', {
    ...{ facility: 1, severity: 5, host: 'h', app: 'app', procId: '123', sentAt: '2026-11-21T10:00:00Z' },
    ...{ text: 'hello', reason: 'bad_structured_data' },
  }),
  sample('RFC 5424, time that is none', '<13>1 yesterday h app - - - text', {
    ...{ facility: 1, severity: 5, host: 'h', app: 'app', text: 'text', reason: 'bad_timestamp' },
  }),
  sample('RFC 3164', "<34>Nov 21 10:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8", {
    ...{ facility: 4, severity: 2, host: 'mymachine', app: 'su', sentAt: '2026-11-21T10:14:15Z' },
    text: "'su root' failed for lonvick on /dev/pts/8",
  }),
  sample('RFC 3164 with a process id', '<86>Nov  1 08:01:02 bastion sshd[2211]: Accepted publickey for ops from 10.0.0.7', {
    ...{ facility: 10, severity: 6, host: 'bastion', app: 'sshd', procId: '2211', sentAt: '2026-11-01T08:01:02Z' },
    text: 'Accepted publickey for ops from 10.0.0.7',
  }),
  sample('RFC 3164, half a year old', '<13>Jun  1 08:00:00 h app: bye', {
    ...{ facility: 1, severity: 5, host: 'h', app: 'app', sentAt: '2026-06-01T08:00:00Z', text: 'bye' },
  }),
  sample(
    'RFC 3164, zone of the source configured',
    '<13>Nov 21 19:00:00 h app: x',
    {
      ...{ facility: 1, severity: 5, host: 'h', app: 'app', sentAt: '2026-11-21T10:00:00Z', text: 'x' },
    },
    TOKYO,
  ),
  sample('RFC 3164, host an IPv6 address', '<13>Nov 21 10:00:00 fe80::1%eth0 app[12]: x', {
    ...{ facility: 1, severity: 5, host: 'fe80::1%eth0', app: 'app', procId: '12', sentAt: '2026-11-21T10:00:00Z', text: 'x' },
  }),
  sample('ISO time (rsyslog, docker)', '<30>2026-11-21T19:00:00.123456+09:00 node1 systemd[1]: Started Session 3 of user ops.', {
    ...{ facility: 3, severity: 6, host: 'node1', app: 'systemd', procId: '1', sentAt: '2026-11-21T10:00:00.123456Z' },
    text: 'Started Session 3 of user ops.',
  }),
];

const UNIX: readonly FormatSample[] = [
  sample(
    'logger -n (util-linux)',
    '<13>1 2026-11-21T19:00:00.123456+09:00 node1 ops - - [timeQuality tzKnown="1" isSynced="1" syncAccuracy="51"] backup done',
    {
      ...{ facility: 1, severity: 5, host: 'node1', app: 'ops', sentAt: '2026-11-21T10:00:00.123456Z', text: 'backup done' },
      structured: { timeQuality: { tzKnown: '1', isSynced: '1', syncAccuracy: '51' } },
    },
  ),
  sample('logger --rfc3164', '<13>Nov 21 10:00:00 node1 ops: backup done', {
    ...{ facility: 1, severity: 5, host: 'node1', app: 'ops', sentAt: '2026-11-21T10:00:00Z', text: 'backup done' },
  }),
  sample('journald, forwarded to a local socket: no host', '<30>Nov 21 10:00:00 systemd[1]: Reached target Multi-User System.', {
    ...{ facility: 3, severity: 6, app: 'systemd', procId: '1', sentAt: '2026-11-21T10:00:00Z' },
    text: 'Reached target Multi-User System.',
  }),
  sample('cron, upper case and no host', '<78>Nov 21 10:00:01 CRON[3112]: (root) CMD (run-parts /etc/cron.hourly)', {
    ...{ facility: 9, severity: 6, app: 'CRON', procId: '3112', sentAt: '2026-11-21T10:00:01Z' },
    text: '(root) CMD (run-parts /etc/cron.hourly)',
  }),
  sample('BusyBox', '<46>syslogd started: BusyBox v1.36.1', {
    ...{ facility: 5, severity: 6, text: 'syslogd started: BusyBox v1.36.1', reason: 'no_timestamp' },
  }),
  sample('python SysLogHandler (a NUL at the end)', '<14>worker: job 17 done\0', {
    ...{ facility: 1, severity: 6, app: 'worker', text: 'job 17 done', reason: 'no_timestamp' },
  }),
  sample('Solaris', "<37>Nov 21 10:00:00 sun1 su: [ID 366847 auth.notice] 'su root' succeeded for ops on /dev/pts/1", {
    ...{ facility: 4, severity: 5, host: 'sun1', app: 'su', msgId: '366847', sentAt: '2026-11-21T10:00:00Z' },
    text: "[ID 366847 auth.notice] 'su root' succeeded for ops on /dev/pts/1",
  }),
  sample('AIX, forwarded', '<38>Nov 21 10:00:00 Message forwarded from aix1: sshd[7864550]: session opened', {
    ...{ facility: 4, severity: 6, host: 'aix1', app: 'sshd', procId: '7864550', sentAt: '2026-11-21T10:00:00Z' },
    text: 'session opened',
  }),
  sample('syslogd repeats, no host', '<13>Nov 21 10:00:00 last message repeated 3 times', {
    ...{ facility: 1, severity: 5, sentAt: '2026-11-21T10:00:00Z', text: 'last message repeated 3 times' },
  }),
];

const CISCO: readonly FormatSample[] = [
  sample('Cisco IOS', '<189>45: *Nov 21 10:00:00.250: %SYS-5-CONFIG_I: Configured from console by vty0 (10.0.0.7)', {
    ...{ facility: 23, severity: 5, app: '%SYS-5-CONFIG_I', sentAt: '2026-11-21T10:00:00.25Z' },
    text: 'Configured from console by vty0 (10.0.0.7)',
  }),
  sample(
    'Cisco IOS, host and zone',
    '<187>001234: rt1: Nov 21 2026 19:00:00.001 JST: %LINK-3-UPDOWN: Interface Gi0/1, changed state to down',
    {
      ...{ facility: 23, severity: 3, host: 'rt1', app: '%LINK-3-UPDOWN', sentAt: '2026-11-21T10:00:00.001Z' },
      text: 'Interface Gi0/1, changed state to down',
    },
  ),
  sample(
    'Cisco IOS, time since the start',
    '<189>46: 1w2d: %LINEPROTO-5-UPDOWN: Line protocol on Interface Gi0/1, changed state to up',
    {
      ...{ facility: 23, severity: 5, app: '%LINEPROTO-5-UPDOWN', reason: 'uptime_only' },
      text: 'Line protocol on Interface Gi0/1, changed state to up',
    },
  ),
  sample('Cisco IOS without a time', '<189>47: %SYS-5-RESTART: System restarted --', {
    ...{ facility: 23, severity: 5, app: '%SYS-5-RESTART', text: 'System restarted --', reason: 'no_timestamp' },
  }),
  sample(
    'Cisco IOS XR',
    '<189>2210: RP/0/RSP0/CPU0:Nov 21 10:00:00.123 UTC: ifmgr[204]: %PKT_INFRA-LINK-3-UPDOWN : Interface Te0/0/0/1, changed state to Down',
    {
      ...{ facility: 23, severity: 5, host: 'RP/0/RSP0/CPU0', app: 'ifmgr', procId: '204', msgId: '%PKT_INFRA-LINK-3-UPDOWN' },
      ...{ sentAt: '2026-11-21T10:00:00.123Z', text: '%PKT_INFRA-LINK-3-UPDOWN : Interface Te0/0/0/1, changed state to Down' },
    },
  ),
  sample('Cisco NX-OS', '<189>: 2026 Nov 21 19:00:00 JST: %ETHPORT-5-IF_UP: Interface Ethernet1/1 is up in mode trunk', {
    ...{ facility: 23, severity: 5, app: '%ETHPORT-5-IF_UP', sentAt: '2026-11-21T10:00:00Z' },
    text: 'Interface Ethernet1/1 is up in mode trunk',
  }),
  sample('Cisco NX-OS with its host', '<187>2026 Nov 21 10:00:00.456 n5k-1 %DAEMON-3-SYSTEM_MSG: NTP Receive dropped', {
    ...{ facility: 23, severity: 3, host: 'n5k-1', app: '%DAEMON-3-SYSTEM_MSG', sentAt: '2026-11-21T10:00:00.456Z' },
    text: 'NTP Receive dropped',
  }),
  sample('Cisco ASA', '<166>Nov 21 2026 10:00:00: %ASA-6-302013: Built inbound TCP connection 4711 for outside:192.0.2.1/443', {
    ...{ facility: 20, severity: 6, app: '%ASA-6-302013', sentAt: '2026-11-21T10:00:00Z' },
    text: 'Built inbound TCP connection 4711 for outside:192.0.2.1/443',
  }),
  sample('Cisco ASA with device-id', '<164>Nov 21 2026 10:00:00 fw1 : %ASA-4-106023: Deny tcp src outside:192.0.2.9/4444', {
    ...{ facility: 20, severity: 4, host: 'fw1', app: '%ASA-4-106023', sentAt: '2026-11-21T10:00:00Z' },
    text: 'Deny tcp src outside:192.0.2.9/4444',
  }),
  sample('Cisco ASA, EMBLEM', '<166>:Nov 21 19:00:00 JST: %ASA-session-6-305011: Built dynamic TCP translation', {
    ...{
      facility: 20,
      severity: 6,
      app: '%ASA-session-6-305011',
      sentAt: '2026-11-21T10:00:00Z',
      text: 'Built dynamic TCP translation',
    },
  }),
  sample('Cisco FTD, ISO time', '<113>2026-11-21T10:00:00Z ftd1 : %FTD-1-430002: EventPriority: Low, DeviceUUID: 9ff', {
    ...{ facility: 14, severity: 1, host: 'ftd1', app: '%FTD-1-430002', sentAt: '2026-11-21T10:00:00Z' },
    text: 'EventPriority: Low, DeviceUUID: 9ff',
  }),
  sample('Cisco, from a file: no PRI', '%ASA-3-710003: TCP access denied by ACL from 192.0.2.1/1', {
    ...{ severity: 3, app: '%ASA-3-710003', text: 'TCP access denied by ACL from 192.0.2.1/1', reason: 'no_pri,no_timestamp' },
  }),
  sample('Cisco Meraki', '<134>1 1795255200.123456789 MX84 flows src=10.0.0.4 dst=192.0.2.8 protocol=udp', {
    ...{ facility: 16, severity: 6, host: 'MX84', app: 'flows', sentAt: '2026-11-21T10:00:00.123456Z' },
    text: 'src=10.0.0.4 dst=192.0.2.8 protocol=udp',
  }),
];

const VENDORS: readonly FormatSample[] = [
  sample(
    'VMware ESXi',
    '<166>2026-11-21T10:00:00.123Z esx01.example.com Hostd: info hostd[2099494] [Originator@6876 sub=Vimsvc.TaskManager opID=3a7] Task Created',
    {
      ...{ facility: 20, severity: 6, host: 'esx01.example.com', app: 'Hostd', sentAt: '2026-11-21T10:00:00.123Z' },
      text: 'info hostd[2099494] [Originator@6876 sub=Vimsvc.TaskManager opID=3a7] Task Created',
    },
  ),
  sample('VMware ESXi, kernel', '<181>2026-11-21T10:00:00.123Z esx01 vmkernel: cpu3:2097)ScsiDeviceIO: 4124: Cmd 0x85 failed', {
    ...{ facility: 22, severity: 5, host: 'esx01', app: 'vmkernel', sentAt: '2026-11-21T10:00:00.123Z' },
    text: 'cpu3:2097)ScsiDeviceIO: 4124: Cmd 0x85 failed',
  }),
  sample(
    'VMware vCenter',
    '<14>1 2026-11-21T10:00:00.123456+00:00 vcsa vpxd 4567 - -  Event [9001] [1-1] [vim.event.UserLoginSessionEvent] [info]',
    {
      ...{ facility: 1, severity: 6, host: 'vcsa', app: 'vpxd', procId: '4567', sentAt: '2026-11-21T10:00:00.123456Z' },
      text: ' Event [9001] [1-1] [vim.event.UserLoginSessionEvent] [info]',
    },
  ),
  sample('F5 BIG-IP', '<133>Nov 21 10:00:00 bigip1 notice mcpd[4567]: 01070417:5: AUDIT - user admin - transaction #1', {
    ...{
      facility: 16,
      severity: 5,
      host: 'bigip1',
      app: 'mcpd',
      procId: '4567',
      msgId: '01070417',
      sentAt: '2026-11-21T10:00:00Z',
    },
    text: '01070417:5: AUDIT - user admin - transaction #1',
  }),
  sample(
    'F5 VIPRION',
    '<131>Nov 21 10:00:00 slot1/bigip1 err tmm1[1234]: 01010028:3: No members available for pool /Common/web',
    {
      ...{
        facility: 16,
        severity: 3,
        host: 'bigip1',
        app: 'tmm1',
        procId: '1234',
        msgId: '01010028',
        sentAt: '2026-11-21T10:00:00Z',
      },
      text: '01010028:3: No members available for pool /Common/web',
    },
  ),
  sample('F5 ASM', '<131>Nov 21 10:00:00 bigip1 ASM:unit_hostname="bigip1",attack_type="XSS"', {
    ...{ facility: 16, severity: 3, host: 'bigip1', app: 'ASM', sentAt: '2026-11-21T10:00:00Z' },
    text: 'unit_hostname="bigip1",attack_type="XSS"',
  }),
  sample('Juniper Junos', '<28>Nov 21 10:00:00 mx1 rpd[1234]: RPD_BGP_NEIGHBOR_STATE_CHANGED: BGP peer 192.0.2.1 changed state', {
    ...{ facility: 3, severity: 4, host: 'mx1', app: 'rpd', procId: '1234', msgId: 'RPD_BGP_NEIGHBOR_STATE_CHANGED' },
    ...{ sentAt: '2026-11-21T10:00:00Z', text: 'RPD_BGP_NEIGHBOR_STATE_CHANGED: BGP peer 192.0.2.1 changed state' },
  }),
  sample(
    'Juniper Junos, priority and year',
    '<28>Nov 21 10:00:00.401 2026 mx1 rpd[1234]: %DAEMON-4-BGP_PREFIX_THRESH_EXCEEDED: 192.0.2.1',
    {
      ...{ facility: 3, severity: 4, host: 'mx1', app: 'rpd', procId: '1234', msgId: '%DAEMON-4-BGP_PREFIX_THRESH_EXCEEDED' },
      ...{ sentAt: '2026-11-21T10:00:00.401Z', text: '%DAEMON-4-BGP_PREFIX_THRESH_EXCEEDED: 192.0.2.1' },
    },
  ),
  sample(
    'Juniper Junos, structured',
    '<165>1 2026-11-21T19:00:00.123+09:00 mx1 mgd 3046 UI_DBASE_LOGOUT_EVENT [junos@2636.1.1.1.2.18 username="ops"] User \'ops\' exiting configuration mode',
    {
      ...{ facility: 20, severity: 5, host: 'mx1', app: 'mgd', procId: '3046', msgId: 'UI_DBASE_LOGOUT_EVENT' },
      ...{ sentAt: '2026-11-21T10:00:00.123Z', text: "User 'ops' exiting configuration mode" },
      structured: { 'junos@2636.1.1.1.2.18': { username: 'ops' } },
    },
  ),
  sample(
    'Palo Alto',
    '<14>Nov 21 10:00:00 pa850 1,2026/11/21 10:00:00,001801000001,TRAFFIC,end,2560,2026/11/21 10:00:00,10.0.0.4,192.0.2.8',
    {
      ...{ facility: 1, severity: 6, host: 'pa850', msgId: 'TRAFFIC', sentAt: '2026-11-21T10:00:00Z' },
      text: '1,2026/11/21 10:00:00,001801000001,TRAFFIC,end,2560,2026/11/21 10:00:00,10.0.0.4,192.0.2.8',
    },
  ),
  sample(
    'Palo Alto without a header',
    '<14>1,2026/11/21 19:00:00,001801000001,THREAT,url,2560',
    {
      ...{ facility: 1, severity: 6, msgId: 'THREAT', sentAt: '2026-11-21T10:00:00Z' },
      text: '1,2026/11/21 19:00:00,001801000001,THREAT,url,2560',
    },
    TOKYO,
  ),
  sample(
    'Fortinet',
    '<189>date=2026-11-21 time=19:00:00 devname="FG100" devid="FG100E" tz="+0900" logid="0100032001" type="event" level="notice" msg="Admin login"',
    {
      ...{ facility: 23, severity: 5, host: 'FG100', msgId: '0100032001', sentAt: '2026-11-21T10:00:00Z' },
      structured: {
        kv: {
          ...{ date: '2026-11-21', time: '19:00:00', devname: 'FG100', devid: 'FG100E', tz: '+0900', logid: '0100032001' },
          ...{ type: 'event', level: 'notice', msg: 'Admin login' },
        },
      },
      text: 'date=2026-11-21 time=19:00:00 devname="FG100" devid="FG100E" tz="+0900" logid="0100032001" type="event" level="notice" msg="Admin login"',
    },
  ),
  sample('Common Event Format', '<134>Nov 21 10:00:00 fw CEF:0|Vendor|Product|1.0|100|Login|5|src=10.0.0.4', {
    ...{
      facility: 16,
      severity: 6,
      host: 'fw',
      sentAt: '2026-11-21T10:00:00Z',
      text: 'CEF:0|Vendor|Product|1.0|100|Login|5|src=10.0.0.4',
    },
  }),
];

const ODD: readonly FormatSample[] = [
  sample('no PRI', 'Nov 21 10:00:00 node1 app[7]: from a file', {
    ...{ host: 'node1', app: 'app', procId: '7', sentAt: '2026-11-21T10:00:00Z', text: 'from a file', reason: 'no_pri' },
  }),
  sample('nothing of syslog', 'hello: world', { text: 'hello: world', reason: 'no_pri,no_timestamp' }),
  sample('PRI that is none', '<192>text', { text: '<192>text', reason: 'bad_pri,no_timestamp' }),
  sample('empty', '', { text: '', reason: 'empty' }),
  sample('several lines', '<13>Nov 21 10:00:00 h app: first\n\tsecond\n', {
    ...{ facility: 1, severity: 5, host: 'h', app: 'app', sentAt: '2026-11-21T10:00:00Z', text: 'first\n\tsecond' },
  }),
  sample('bytes that are no UTF-8', bytes('<13>Nov 21 10:00:00 h app: ', [0x83, 0x65], ' end'), {
    ...{
      facility: 1,
      severity: 5,
      host: 'h',
      app: 'app',
      sentAt: '2026-11-21T10:00:00Z',
      text: '\\x83e end',
      reason: 'not_utf8',
    },
  }),
  sample(
    'Shift_JIS, configured',
    bytes('<13>Nov 21 10:00:00 h app: ', [0x83, 0x65, 0x83, 0x58, 0x83, 0x67, 0x94, 0x5c], ' end'),
    {
      ...{ facility: 1, severity: 5, host: 'h', app: 'app', sentAt: '2026-11-21T10:00:00Z', text: 'テスト能 end' },
    },
    { charset: 'shift_jis' },
  ),
  sample(
    'Shift_JIS, cut in a character',
    bytes('<13>Nov 21 10:00:00 h app: ', [0x83, 0x65, 0x83]),
    {
      ...{
        facility: 1,
        severity: 5,
        host: 'h',
        app: 'app',
        sentAt: '2026-11-21T10:00:00Z',
        text: 'テ\\x83',
        reason: 'not_shift_jis',
      },
    },
    { charset: 'shift_jis' },
  ),
  sample(
    'EUC-JP, configured',
    bytes('<13>Nov 21 10:00:00 h app: ', [0xa5, 0xc6, 0xa5, 0xb9, 0xa5, 0xc8]),
    {
      ...{ facility: 1, severity: 5, host: 'h', app: 'app', sentAt: '2026-11-21T10:00:00Z', text: 'テスト' },
    },
    { charset: 'euc-jp' },
  ),
];

export const FORMAT_SAMPLES: readonly FormatSample[] = [...STANDARDS, ...UNIX, ...CISCO, ...VENDORS, ...ODD];
