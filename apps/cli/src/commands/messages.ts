import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { InvalidInputError, YosugaraError } from '@yosugara/kernel';
import { type MessageRow, type Messages, MessagesSchema, STATE_LAYOUT } from '@yosugara/protocol';
import type { Found } from '../control/find.js';
import { printable, table } from '../output/terminal.js';
import { sleep } from './follow.js';

export interface MessageFilter {
  readonly text?: string | undefined;
  readonly source?: string | undefined;
  readonly host?: string | undefined;
  readonly app?: string | undefined;
  readonly proc?: string | undefined;
  readonly facility?: string | undefined;
  readonly severity?: string | undefined;
  readonly kind?: string | undefined;
  readonly transport?: string | undefined;
  /** `SD-ID.parameter=value`, each. */
  readonly sd?: readonly string[] | undefined;
  /** `OID=value`, each. */
  readonly varbind?: readonly string[] | undefined;
  readonly onlyAt?: string | undefined;
  readonly reason?: string | undefined;
  /** RFC 3339, UTC. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

const DEADLINE_MS = 5_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const PAGE = 500;
const FOLLOW_EVERY_MS = 1_000;
/** Rows become visible a little later than they were received: what was just read is looked through again. */
const FOLLOW_OVERLAP_MS = 60_000;
const MAX_REMEMBERED = 50_000;

/**
 * The manager's API, on whichever data node answers: the VIP first, since it follows the Master.
 *
 * It needs no login: the bearer is the token of tests and tools in `secrets/pg-app`, a file of mode 0600 in the node's state
 * folder. Who can read it could read the database itself; the manager lets it read messages and nothing else.
 */
export class MessageSource {
  readonly #addresses: readonly string[];
  readonly #port: number;
  readonly #token: string;

  constructor(addresses: readonly string[], port: number, token: string) {
    this.#addresses = addresses;
    this.#port = port;
    this.#token = token;
  }

  /** @throws YosugaraError `NO_CLUSTER`: no data node with a readable token is on this host. */
  static of(nodes: readonly Found[]): MessageSource {
    for (const { config, stateDir } of nodes) {
      const file = join(stateDir, STATE_LAYOUT.secrets.postgresApp);
      if (config === null || !existsSync(file)) continue;
      const { vip, members } = config.cluster;
      const own = members.filter((member) => member.kind === 'data').map((member) => member.address);
      const addresses = vip === undefined || vip.driver === 'none' ? own : [vip.address, ...own];
      return new MessageSource(addresses, config.ports.console, readFileSync(file, 'utf8').trim());
    }
    throw new YosugaraError(
      'NO_CLUSTER',
      'messages are read through a data node: no configuration with a readable secrets/pg-app was found',
    );
  }

  /** One page, newest first. `after` is the `next` of the page before. */
  async page(filter: MessageFilter, limit: number, after: string | null): Promise<Messages> {
    const query = new URLSearchParams();
    for (const [name, given] of Object.entries(filter))
      for (const value of Array.isArray(given) ? given : [given]) if (value !== undefined) query.append(name, value);
    query.set('limit', String(limit));
    if (after !== null) query.set('after', after);
    let last: unknown;
    for (const address of this.#addresses) {
      try {
        return MessagesSchema.parse(JSON.parse(await this.#get(address, `/api/messages?${query}`)));
      } catch (error) {
        if (error instanceof InvalidInputError) throw error;
        last = error;
      }
    }
    throw new YosugaraError('NO_MANAGER', `no manager answers at ${this.#addresses.join(', ')} port ${this.#port}`, {
      cause: last,
    });
  }

  #get(host: string, path: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${this.#token}`, accept: 'application/json' };
      const call = request(
        { host, port: this.#port, path, headers, agent: false, signal: AbortSignal.timeout(DEADLINE_MS) },
        (response) => {
          const chunks: Buffer[] = [];
          let bytes = 0;
          response.on('data', (chunk: Buffer) => {
            bytes += chunk.length;
            if (bytes > MAX_ANSWER_BYTES) call.destroy(new Error('the answer is too long'));
            chunks.push(chunk);
          });
          response.once('error', reject);
          response.once('end', () => {
            const body = Buffer.concat(chunks).toString('utf8');
            if (response.statusCode === 200) resolve(body);
            else reject(refusal(response.statusCode ?? 0, path, host, body));
          });
        },
      );
      call.once('error', reject);
      call.end();
    });
  }
}

function refusal(code: number, path: string, host: string, body: string): Error {
  if (code === 400) return new InvalidInputError('the search', path, detailOf(body));
  return new YosugaraError('HTTP', `${host} answered ${code}: ${detailOf(body)}`);
}

function detailOf(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    return String(message ?? body).slice(0, 200);
  } catch {
    return body.slice(0, 200);
  }
}

/** Pages until `limit` rows are there. */
export async function read(
  source: MessageSource,
  filter: MessageFilter,
  limit: number,
  after: string | null = null,
): Promise<Messages> {
  const rows: MessageRow[] = [];
  let next = after;
  do {
    const page = await source.page(filter, Math.min(PAGE, limit - rows.length), next);
    rows.push(...page.rows);
    next = page.next;
  } while (next !== null && rows.length < limit);
  return { rows, next };
}

/** Calls `show` with every new row, oldest first, until stopped. Outlives changes of the Master. */
export async function followMessages(
  source: MessageSource,
  filter: MessageFilter,
  show: (rows: readonly MessageRow[]) => void,
  stop: AbortSignal,
): Promise<void> {
  const seen = new Set<string>();
  let sinceMs = filter.since === undefined ? Date.now() : Date.parse(filter.since);
  while (!stop.aborted) {
    const since = new Date(sinceMs).toISOString();
    const page = await read(source, { ...filter, since }, MAX_REMEMBERED).catch((error: unknown) => {
      if (error instanceof InvalidInputError) throw error;
      return null;
    });
    const fresh = (page?.rows ?? []).filter((row) => !seen.has(row.id)).reverse();
    for (const row of fresh) seen.add(row.id);
    if (fresh.length > 0) show(fresh);
    const newest = Math.max(sinceMs, ...fresh.slice(-1).map((row) => Date.parse(row.receivedAt) - FOLLOW_OVERLAP_MS));
    sinceMs = Math.max(sinceMs, newest);
    for (const id of seen) {
      if (seen.size <= MAX_REMEMBERED) break;
      seen.delete(id);
    }
    await sleep(FOLLOW_EVERY_MS);
  }
}

export function renderMessages(rows: readonly MessageRow[], withHead = true): string {
  const cells = rows.map((row) => [
    row.receivedAt,
    row.kind,
    row.severity ?? '–',
    row.source,
    printable(row.host ?? '–'),
    printable(row.app ?? '–'),
    row.seenBy.join('+'),
    printable(row.text),
  ]);
  const text = table(['RECEIVED', 'KIND', 'SEVERITY', 'SOURCE', 'HOST', 'APP', 'SEEN BY', 'TEXT'], cells);
  return withHead ? text : text.slice(text.indexOf('\n') + 1);
}

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `10m`, `2h`, or an RFC 3339 instant → RFC 3339, UTC. */
export function parseSince(text: string, nowMs: number, option = '--since'): string {
  const span = /^(\d+)([smhd])$/.exec(text);
  const atMs = span === null ? Date.parse(text) : nowMs - Number(span[1]) * (UNITS_MS[span[2] ?? ''] ?? 0);
  if (Number.isNaN(atMs)) throw new InvalidInputError(option, text, 'a span such as 30s, 10m, 2h, 1d, or an RFC 3339 instant');
  return new Date(atMs).toISOString();
}
