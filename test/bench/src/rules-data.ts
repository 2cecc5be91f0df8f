import { compileMonitor, type PatternPort, parseSyslog, type ReceivedLine } from '@yosugara/operations';
import { MonitorBodySchema } from '@yosugara/protocol';

export const RULES = 500;
export const RULES_A_MONITOR = 10;
const AT_MS = Date.parse('2026-11-21T12:00:00Z');
const LINES = 2_000;

/** What operators look for, and lines in which it is. `%` is a number that differs. */
const TROUBLES: readonly (readonly [app: string, pattern: string, line: string])[] = [
  [
    'sshd',
    '.*Failed password for (invalid user )?(?<user>\\S+) from.*',
    'Failed password for invalid user oracle% from 203.0.113.% port 5% ssh2',
  ],
  ['kernel', '.*Out of memory: Killed process \\d+.*', 'Out of memory: Killed process % (java) total-vm:%kB, anon-rss:%kB'],
  ['kernel', '.*(I/O|medium) error, dev sd[a-z].*', 'blk_update_request: I/O error, dev sdb, sector % op 0x0:(READ)'],
  ['systemd', '.*Failed to start .*', 'Failed to start The Apache HTTP Server unit%.'],
  ['postgres', '.*FATAL: .*', 'FATAL:  remaining connection slots are reserved for roles with privileges of user%'],
  [
    'nginx',
    '.*upstream timed out.*',
    '*% upstream timed out (110: Connection timed out) while reading response header from upstream',
  ],
  [
    'postfix/smtp',
    '.*status=(deferred|bounced).*',
    '%ABCDEF: to=<user%@example.com>, relay=none, delay=%, status=deferred (connect to mx%: timeout)',
  ],
  ['%LINK-3-UPDOWN', '.*Interface \\S+, changed state to down', 'Interface GigabitEthernet0/%, changed state to down'],
  ['java', '.*java\\.lang\\.\\w+(Error|Exception).*', 'Exception in thread "pool-%" java.lang.OutOfMemoryError: Java heap space'],
  ['smartd', '.*[Pp]re-?[Ff]ail.*', 'Device: /dev/sd%, Prefail Attribute Raw_Read_Error_Rate changed'],
];
const USUAL = [
  ['sshd', 'Accepted publickey for deploy from 198.51.100.% port 4% ssh2: ED25519 SHA256:abcdef%'],
  ['systemd', 'Started Session % of User root%.'],
  ['CRON', '(root) CMD (test -x /usr/sbin/anacron || run-parts /etc/cron.hourly %)'],
  ['nginx', '192.0.2.% - - "GET /api/v1/items/% HTTP/1.1" 200 % "-" "curl/7.88.1"'],
  ['postgres', 'LOG:  checkpoint complete: wrote % buffers (0.1%); 0 WAL file(s) added, % removed'],
  ['dhclient', 'DHCPACK of 10.0.%.% from 10.0.0.1 (xid=0x%)'],
  ['kernel', 'IPv6: ADDRCONF(NETDEV_CHANGE): veth%: link becomes ready'],
  ['dockerd', 'time="2026-11-21T12:00:00Z" level=info msg="ignoring event" container=% module=libcontainerd'],
] as const;

export type Kind = 'worded' | 'without case' | 'wordless';
interface Rule {
  readonly pattern: string;
  readonly caseSensitive: boolean;
}

/** Each trouble in fifty variants, as one has them for many services. */
export function rulesOf(kind: Kind): readonly Rule[] {
  return Array.from({ length: RULES }, (_, at) => {
    const [, pattern] = TROUBLES[at % TROUBLES.length]!;
    const variant = Math.floor(at / TROUBLES.length);
    if (kind === 'wordless')
      return {
        pattern: `.*[A-Z]{3}\\d+ .*[${String.fromCharCode(97 + (at % 26))}0-9]{${2 + variant}}[=:][0-9]+\\W.*`,
        caseSensitive: true,
      };
    // The first of each is the one that lines match; the others ask for one thing more.
    return { pattern: variant === 0 ? pattern : `${pattern}code=${variant}\\d(;.*)?`, caseSensitive: kind === 'worded' };
  });
}

export function monitorsOf(rules: readonly Rule[], patterns: PatternPort) {
  return Array.from({ length: rules.length / RULES_A_MONITOR }, (_, at) => {
    const own = rules.slice(at * RULES_A_MONITOR, (at + 1) * RULES_A_MONITOR);
    const body = { type: 'syslog', facility: 'servers', rules: own.map((rule) => ({ ...rule, message: '#[user] #[LOG_LINE]' })) };
    return compileMonitor({ id: `m${at}`, enabled: true, body: MonitorBodySchema.parse(body) }, patterns);
  });
}

/** @param hits every line is told by a rule; else none is. */
export function linesOf(hits: boolean): readonly ReceivedLine[] {
  return Array.from({ length: LINES }, (_, at) => {
    const { app, text } = saidAt(at, hits);
    const raw = Uint8Array.from(Buffer.from(`<${hits ? 27 : 30}>Nov 21 12:00:00 web${at % 50} ${app}[${at}]: ${text}`));
    const message = parseSyslog(raw, AT_MS * 1_000);
    return { kind: 'syslog', origin: `j:${at}`, message, raw, facility: `web${at % 50}`, sender: null, atMs: AT_MS };
  });
}

/** What a program says that is told by a rule, or not. */
export function saidAt(at: number, hits: boolean): { readonly app: string; readonly text: string } {
  const [app, text] = hits ? troubleOf(at) : USUAL[at % USUAL.length]!;
  let digit = at;
  return { app, text: text.replaceAll('%', () => String((digit = (digit * 7_919 + 13) % 10_000))) };
}

function troubleOf(at: number): readonly [string, string] {
  const [app, , line] = TROUBLES[at % TROUBLES.length]!;
  return [app, line];
}
