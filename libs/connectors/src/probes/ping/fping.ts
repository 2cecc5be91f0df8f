import { isIP } from 'node:net';
import { type ProgramEnd, runProgram } from '../program.js';

/** What all hosts of one process have in common. */
export interface PingHow {
  readonly count: number;
  /** Between two packets to one host. */
  readonly pauseMs: number;
  /** After the last. */
  readonly timeoutMs: number;
  readonly bytes: number;
}

export interface PingReply {
  readonly sent: number;
  /** Of each packet that came back, in ms. */
  readonly timesMs: readonly number[];
}

export type FpingEnd =
  | { readonly kind: 'replies'; readonly of: ReadonlyMap<string, PingReply> }
  | { readonly kind: 'failed'; readonly why: string };

/** Between two packets to any host, so that thousands of answers do not come at once; more hosts, more time. */
const SPREAD_MS = 1;
const START_MS = 2_000;

/** As long as one process may take, in ms. */
export const fpingTakesMs = (how: PingHow, hosts: number): number =>
  (how.count - 1) * Math.max(how.pauseMs, hosts * SPREAD_MS) + hosts * SPREAD_MS + how.timeoutMs + START_MS;

/** One fping for all of them. Addresses go by its standard input: no argument list is too long, and nobody else sees whom we watch. */
export async function fping(
  program: string,
  addresses: readonly string[],
  family: 4 | 6,
  how: PingHow,
  signal: AbortSignal,
): Promise<FpingEnd> {
  const end = await runProgram({
    program,
    args: [
      ...[`-${family}`, '-q', '-C', String(how.count), '-b', String(how.bytes)],
      ...['-i', String(SPREAD_MS), '-p', String(how.pauseMs), '-t', String(how.timeoutMs)],
    ],
    input: `${addresses.join('\n')}\n`,
    deadlineMs: fpingTakesMs(how, addresses.length),
    signal,
  });
  return understood(end, how.count);
}

function understood(end: ProgramEnd, count: number): FpingEnd {
  if (end.kind !== 'ended') return { kind: 'failed', why: end.why };
  const of = readFping(end.stderr, count);
  // fping(8): 0 = all answered, 1 = some did not, 2 = an address was not found; more = it could not even ask.
  if (of.size > 0 || end.code === 0 || end.code === 1) return { kind: 'replies', of };
  const said = end.stderr.trim().split('\n').at(-1) ?? '';
  return { kind: 'failed', why: `fping failed: ${said === '' ? `exit code ${end.code}` : said}` };
}

/** Lines such as `10.0.0.5 : 0.41 - 0.38`; others are fping's remarks. */
export function readFping(said: string, count: number): ReadonlyMap<string, PingReply> {
  const replies = new Map<string, PingReply>();
  for (const line of said.split('\n')) {
    const split = line.lastIndexOf(' : ');
    const address = line.slice(0, Math.max(0, split)).trim();
    if (isIP(address) === 0) continue;
    const words = line
      .slice(split + 3)
      .trim()
      .split(/\s+/);
    if (words.length !== count || words.some((word) => !/^(-|\d+(\.\d+)?)$/.test(word))) continue;
    replies.set(address, { sent: count, timesMs: words.filter((word) => word !== '-').map(Number) });
  }
  return replies;
}
