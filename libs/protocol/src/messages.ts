/** What receivers take in: syslog lines, SNMP traps, and custom traps posted over HTTP(S). */
export const MESSAGE_KINDS = ['syslog', 'trap', 'custom'] as const;
export type MessageKind = (typeof MESSAGE_KINDS)[number];

/**
 * The way a message came in. New ones are added at the end: the journal stores the place in this list.
 * udp, tcp: RFC 5426, RFC 6587, SNMP. tls: RFC 5425. relp: librelp's protocol. http: custom traps.
 */
export const MESSAGE_TRANSPORTS = ['udp', 'tcp', 'tls', 'relp', 'http'] as const;
export type MessageTransport = (typeof MESSAGE_TRANSPORTS)[number];

/** Whose address it came to: the node's own, or the floating one. */
export const LISTENER_KINDS = ['own', 'vip'] as const;
export type ListenerKind = (typeof LISTENER_KINDS)[number];

/** Bits of a record's flags, as the receiver sets them. */
export const MessageFlag = { truncated: 1, noPri: 2, inform: 4 } as const;

/** By number: RFC 5424 6.2.1. */
export const SYSLOG_SEVERITIES = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const;
export const SYSLOG_FACILITIES = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp'],
  ...['ntp', 'audit', 'alert', 'clock'],
  ...['local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
] as const;
