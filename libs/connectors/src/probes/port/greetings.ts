import type { Socket } from 'node:net';
import { LineReader } from '../lines.js';
import { type Look, ProbeFailure, quoted } from '../look.js';

export const GREETED = ['ftp', 'smtp', 'pop3', 'imap'] as const;
export type Greeted = (typeof GREETED)[number];

interface Manners {
  readonly name: string;
  /** What its first word must be; else it is busy or not the service at all. */
  readonly greets: RegExp;
  readonly refuses: RegExp;
  /** Replies of several lines: `220-…` (RFC 959 4.2, RFC 5321 4.2.1). */
  readonly goesOn: RegExp | null;
  readonly bye: string;
}

const MANNERS: Readonly<Record<Greeted, Manners>> = {
  // RFC 959 5.4: 120 = ready in so many minutes, 220, 421.
  ftp: { name: 'FTP', greets: /^220( |$)/, refuses: /^[1-5]\d\d([ -]|$)/, goesOn: /^\d{3}-/, bye: 'QUIT\r\n' },
  // RFC 5321 3.1: 220, or 554 = no service here.
  smtp: { name: 'SMTP', greets: /^220( |$)/, refuses: /^[2-5]\d\d([ -]|$)/, goesOn: /^\d{3}-/, bye: 'QUIT\r\n' },
  // RFC 1939 section 4.
  pop3: { name: 'POP3', greets: /^\+OK( |$)/, refuses: /^-ERR( |$)/, goesOn: null, bye: 'QUIT\r\n' },
  // RFC 9051 7.1: OK, PREAUTH, BYE.
  imap: { name: 'IMAP', greets: /^\* (OK|PREAUTH)( |$)/i, refuses: /^\* BYE( |$)/i, goesOn: null, bye: 'a LOGOUT\r\n' },
};

const MAX_GREETING_LINES = 100;
const FAREWELL_MS = 500;

/**
 * Reads what the service says first, and takes leave.
 *
 * @param then taken when the greeting is understood: the leave does not count.
 * @throws ProbeFailure when it is no greeting, or a refusal.
 */
export async function greeting<T>(look: Look, socket: Socket, service: Greeted, where: string, then: () => T): Promise<T> {
  const { name, greets, refuses, goesOn, bye } = MANNERS[service];
  look.doing = `the greeting of ${where}`;
  const reader = new LineReader(look, socket, where);
  const first = await reader.line();
  let last = first;
  for (let lines = 1; goesOn?.test(last) === true; lines++) {
    if (lines === MAX_GREETING_LINES) throw new ProbeFailure(`the greeting of ${where} has more than ${lines} lines`);
    const next = await reader.line();
    // Lines between the first and the last may begin with anything (RFC 959 4.2).
    if (next.startsWith(`${first.slice(0, 3)} `) || next === first.slice(0, 3)) last = next;
  }
  if (greets.test(last)) {
    const taken = then();
    await farewell(look, socket, bye);
    return taken;
  }
  if (refuses.test(last)) throw new ProbeFailure(`${where} refuses service: ${quoted(last)}`);
  throw new ProbeFailure(`${where} does not speak ${name}: it said ${quoted(first)}`);
}

/** Who only hangs up is in the other side's log as a fault. It need not answer. */
async function farewell(look: Look, socket: Socket, bye: string): Promise<void> {
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.end(bye);
  await look.part(Math.min(FAREWELL_MS, look.leftMs), async (part) => part.wait(closed)).catch(() => undefined);
}
