// Made-up messages of a data centre, and the search over them.
const HOSTS = [
  ['192.168.10.11', 'web-01'],
  ['192.168.10.12', 'web-02'],
  ['192.168.20.5', 'db-core'],
  ['192.168.30.1', 'sw-edge-1'],
  ['192.168.30.2', 'sw-edge-2'],
  ['192.168.40.9', 'batch-07'],
];
const LINES = [
  [
    'info',
    'daemon',
    'nginx',
    () => `10.4.${byte()}.${byte()} - "GET /accounts/balance HTTP/1.1" 200 ${1000 + byte()} 0.0${byte()}`,
  ],
  ['info', 'auth', 'sshd', () => `Accepted publickey for deploy from 10.1.0.${byte()} port 5${byte()}2 ssh2`],
  ['notice', 'cron', 'CROND', () => '(root) CMD (/usr/local/bin/rotate-ledger --daily)'],
  ['debug', 'local0', 'settle', () => `batch ${byte()} read 1200 records in 0.${byte()} s`],
  ['warning', 'kern', 'kernel', () => 'nf_conntrack: table 85 % full'],
  ['err', 'daemon', 'settle', () => `connection to 192.168.20.5:5432 timed out after 5000 ms (attempt ${1 + (byte() % 3)} of 3)`],
  ['crit', 'daemon', 'smartd', () => 'Device: /dev/sda, 3 Currently unreadable (pending) sectors'],
  ['info', 'local1', 'app', () => '振込処理を完了しました 件数=128 <script>alert("text only")</script>'],
];
const WEIGHTS = [40, 14, 8, 14, 8, 4, 0.6, 6];
const TRAPS = [
  'linkDown 1.3.6.1.6.3.1.1.5.3 ifIndex=14 ifDescr=GigabitEthernet0/14 ifAdminStatus=up ifOperStatus=down',
  'linkUp 1.3.6.1.6.3.1.1.5.4 ifIndex=14 ifDescr=GigabitEthernet0/14',
  'upsOnBattery 1.3.6.1.2.1.33.2.0.1 upsEstimatedMinutesRemaining=41 upsSecondsOnBattery=10',
];

const byte = () => Math.floor(Math.random() * 256);
const pick = (list) => list[Math.floor(Math.random() * list.length)];
let sequence = 0;

function weighted() {
  let at = Math.random() * WEIGHTS.reduce((sum, weight) => sum + weight, 0);
  return LINES[WEIGHTS.findIndex((weight) => (at -= weight) < 0)] ?? LINES[0];
}

/** `onlyBy`: one node serves alone, the other's receiver is off. */
export function newMessage(atMs, onlyBy = null) {
  sequence += 1;
  const receivedAt = `${new Date(atMs).toISOString().slice(0, -1)}${String(sequence % 1000).padStart(3, '0')}Z`;
  const id = `7-a-${String(sequence).padStart(9, '0')}`;
  const seenBy = onlyBy !== null ? [onlyBy] : Math.random() < 0.96 ? ['a', 'b'] : [pick(['a', 'b'])];
  if (Math.random() < 0.06) {
    const [source, host] = pick(HOSTS.slice(3, 5));
    if (Math.random() < 0.4) return { ...linkDown(), ...{ id, receivedAt, source, host, seenBy } };
    return { id, receivedAt, source, kind: 'trap', severity: null, facility: null, host, app: null, text: pick(TRAPS), seenBy };
  }
  const [severity, facility, app, text] = weighted();
  const [source, host] = pick(HOSTS);
  return { id, receivedAt, source, kind: 'syslog', severity, facility, host, app, text: text(), seenBy };
}

/** Stored before its module came, and read with the names of now. */
function linkDown() {
  const varbinds = [
    { oid: '1.3.6.1.2.1.1.3.0', type: 'TimeTicks', value: '512233', name: 'sysUpTime.0', module: 'SNMPv2-MIB' },
    {
      oid: '1.3.6.1.6.3.1.1.4.1.0',
      type: 'OID',
      value: '1.3.6.1.6.3.1.1.5.3',
      name: 'snmpTrapOID.0',
      module: 'SNMPv2-MIB',
      read: 'linkDown',
    },
    { oid: '1.3.6.1.2.1.2.2.1.8.14', type: 'Integer', value: '2', name: 'ifOperStatus.14', module: 'IF-MIB', read: 'down(2)' },
    {
      oid: '1.3.6.1.4.1.32473.7.3.14',
      type: 'hex',
      value: '00005e00ff01',
      name: 'fanMac.14',
      module: 'FAN-MIB',
      read: '00:00:5e:00:ff:01',
    },
    { oid: '1.3.6.1.4.1.99999.1.0', type: 'Integer', value: '7' },
  ];
  return {
    ...{ kind: 'trap', severity: null, facility: null, app: '1.3.6.1.6.3.1.1.5.3', varbinds },
    text: 'linkDown ifOperStatus.14=down(2) 1.3.6.1.4.1.32473.7.3.14=00005e00ff01 1.3.6.1.4.1.99999.1.0=7',
    reading: 'linkDown ifOperStatus.14=down(2) fanMac.14=00:00:5e:00:ff:01 1.3.6.1.4.1.99999.1.0=7',
  };
}

/** Newest first; `after` is the id of the last row of the page before. */
export function select(rows, query) {
  const wanted = (row) =>
    ['source', 'host', 'severity', 'kind'].every((key) => !query.get(key) || row[key] === query.get(key)) &&
    (!query.get('text') || row.text.toLowerCase().includes(query.get('text').toLowerCase())) &&
    (!query.get('since') || row.receivedAt >= query.get('since')) &&
    (!query.get('until') || row.receivedAt < query.get('until'));
  const found = rows.filter(wanted).toSorted((one, two) => (one.receivedAt < two.receivedAt ? 1 : -1));
  const from = query.get('after') ? found.findIndex((row) => row.id === query.get('after')) + 1 : 0;
  const limit = Number(query.get('limit') ?? 100);
  const page = found.slice(from, from + limit);
  return { rows: page, next: from + limit < found.length ? page.at(-1).id : null };
}
