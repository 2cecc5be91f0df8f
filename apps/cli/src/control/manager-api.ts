import { existsSync, readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { insideRequest } from '@yosugara/connectors/inside';
import { insideRequest } from '@yosugara/connectors/inside';
import { explain, InvalidInputError, YosugaraError } from '@yosugara/kernel';
import { type SettingMistake, STATE_LAYOUT } from '@yosugara/protocol';
import { RefusedError } from './client.js';
import type { Found } from './find.js';

const DEADLINE_MS = 5_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_REFUSAL_BYTES = 65_536;

/** What zod's schemas can do, as far as it is needed here. */
interface Schema<T> {
  parse(value: unknown): T;
}

/** What was sent is not as it must be; each mistake has its place. */
export class MistakesError extends YosugaraError {
  override readonly name = 'MistakesError';
  readonly mistakes: readonly SettingMistake[];
  constructor(message: string, mistakes: readonly SettingMistake[]) {
    super('INVALID_INPUT', message);
    this.mistakes = mistakes;
  }
}

/** What one node answered, or why it did not. */
export type NodeAnswer<T> =
  | { readonly node: string; readonly answer: T }
  | { readonly node: string; readonly answer: null; readonly why: string };

/**
 * The manager's API, on whichever data node answers: the VIP first, since it follows the Master.
 *
 * It needs no login: the bearer is the token of tests and tools in `secrets/pg-app`, a file of mode 0600 in the node's state
 * folder. Who can read it could read the database itself; the manager lets it read messages, and change MIB modules and settings.
 */
export class ManagerApi {
  readonly #addresses: readonly string[];
  readonly #nodes: readonly { readonly id: string; readonly address: string }[];
  readonly #port: number;
  readonly #token: string;
  readonly #ca: string | null;

  /** @param ca PEM of the cluster's CA, which signed what managers show; null: they speak plain http. */
  constructor(
    addresses: readonly string[],
    nodes: readonly { readonly id: string; readonly address: string }[],
    port: number,
    token: string,
    ca: string | null = null,
  ) {
    this.#addresses = addresses;
    this.#nodes = nodes;
    this.#port = port;
    this.#token = token;
    this.#ca = ca;
  }

  /** @throws YosugaraError `NO_CLUSTER`: no data node with a readable token is on this host. */
  static of(found: readonly Found[]): ManagerApi {
    for (const { config, stateDir } of found) {
      const file = join(stateDir, STATE_LAYOUT.secrets.postgresApp);
      if (config === null || !existsSync(file)) continue;
      const { vip, members } = config.cluster;
      const nodes = members.filter((member) => member.kind === 'data').map(({ id, address }) => ({ id, address }));
      const own = nodes.map(({ address }) => address);
      const addresses = vip === undefined || vip.driver === 'none' ? own : [vip.address, ...own];
      const ca = config.console.tls.enabled ? readFileSync(join(stateDir, STATE_LAYOUT.secrets.clusterCa), 'utf8') : null;
      return new ManagerApi(addresses, nodes, config.ports.console, readFileSync(file, 'utf8').trim(), ca);
    }
    throw new YosugaraError(
      'NO_CLUSTER',
      'messages are read through a data node: no configuration with a readable secrets/pg-app was found',
    );
  }

  get nodes(): readonly { readonly id: string; readonly address: string }[] {
    return this.#nodes;
  }

  /** @throws InvalidInputError — refused; YosugaraError `NO_MANAGER` — nobody answers. */
  async get<T>(path: string, schema: Schema<T>): Promise<T> {
    return await this.#first(async (address) => schema.parse(JSON.parse(await this.#text(address, path))));
  }

  /** Every data node for itself. @throws InvalidInputError — refused by the first that answers. */
  async each<T>(path: string, schema: Schema<T>): Promise<readonly NodeAnswer<T>[]> {
    return await Promise.all(
      this.#nodes.map(async ({ id, address }): Promise<NodeAnswer<T>> => {
        try {
          return { node: id, answer: schema.parse(JSON.parse(await this.#text(address, path))) };
        } catch (error) {
          if (error instanceof InvalidInputError) throw error;
          return { node: id, answer: null, why: explain(error) };
        }
      }),
    );
  }

  /**
   * On whichever node is the Master; a node that isn't is passed by. @param path without what says who asks.
   * @throws RefusedError — the manager understood and said no; InvalidInputError; YosugaraError `NO_MANAGER`
   */
  async change<T>(
    method: 'POST' | 'PUT' | 'DELETE',
    path: string,
    body: unknown,
    schema: Schema<T>,
    deadlineMs: number,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<T> {
    return await this.#first(async (address) => {
      const type = body === undefined ? {} : { 'content-type': 'application/json' };
      const given = { accept: 'application/json', ...type, ...headers };
      const how = { method, body: body === undefined ? '' : JSON.stringify(body), headMs: deadlineMs };
      const response = await this.#response(address, path, given, AbortSignal.timeout(deadlineMs), how);
      return schema.parse(JSON.parse(await textOf(response, MAX_ANSWER_BYTES)));
    });
  }

  /** A stream, open until it ends or `signal` says so. The caller reads it and destroys it. */
  async open(path: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<IncomingMessage> {
    return await this.#first((address) => this.#response(address, path, headers, signal));
  }

  async #first<T>(ask: (address: string) => Promise<T>): Promise<T> {
    let last: unknown;
    for (const address of this.#addresses) {
      try {
        return await ask(address);
      } catch (error) {
        if (error instanceof InvalidInputError || error instanceof RefusedError || error instanceof MistakesError) throw error;
        last = error;
      }
    }
    throw new YosugaraError('NO_MANAGER', `no manager answers at ${this.#addresses.join(', ')} port ${this.#port}`, {
      cause: last,
    });
  }

  async #text(host: string, path: string): Promise<string> {
    const response = await this.#response(host, path, { accept: 'application/json' }, AbortSignal.timeout(DEADLINE_MS));
    return await textOf(response, MAX_ANSWER_BYTES);
  }

  /** 200, or it throws. */
  async #response(
    host: string,
    path: string,
    given: Readonly<Record<string, string>>,
    signal: AbortSignal,
    { method = 'GET', body = '', headMs = DEADLINE_MS }: { method?: string; body?: string; headMs?: number } = {},
  ): Promise<IncomingMessage> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { authorization: `Bearer ${this.#token}`, ...given };
      const place = { host, port: this.#port, ca: this.#ca };
      const call = insideRequest(place, { path, method, headers, signal }).once('response', resolve);
      // A host that says nothing at all: the answer's head is waited for, a stream's body is not.
      call.setTimeout(headMs, () => call.destroy(new Error('no answer in time')));
      call.once('response', () => call.setTimeout(0));
      call.once('error', reject);
      call.end(body);
    });
    const { statusCode = 0 } = response;
    if (statusCode === 200) return response;
    const said = await textOf(response, MAX_REFUSAL_BYTES).catch(() => '');
    throw refusal(statusCode, path, host, said);
  }
}

/** That there is no such thing is an answer, not the lack of one. */
export async function known<T>(asked: Promise<T>): Promise<T> {
  return await asked.catch((error: unknown) => {
    const cause = error instanceof YosugaraError && error.code === 'NO_MANAGER' ? error.cause : error;
    throw cause instanceof YosugaraError && cause.code === 'NOT_FOUND' ? cause : error;
  });
}

async function textOf(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function refusal(code: number, path: string, host: string, body: string): Error {
  const mistakes = code === 400 ? mistakesIn(body) : [];
  if (mistakes.length > 0) return new MistakesError(detailOf(body), mistakes);
  if (code === 400) return new InvalidInputError('the question', path, detailOf(body));
  if (code === 403 || code === 409 || code === 412 || code === 413) return new RefusedError('REFUSED', detailOf(body));
  return new YosugaraError(code === 404 ? 'NOT_FOUND' : 'HTTP', `${host} answered ${code}: ${detailOf(body)}`);
}

function mistakesIn(body: string): readonly SettingMistake[] {
  try {
    const { problems } = JSON.parse(body) as { problems?: unknown };
    if (!Array.isArray(problems)) return [];
    return problems.map(({ place, found, allowed }) => ({
      place: String(place),
      found: String(found),
      allowed: String(allowed),
    }));
  } catch {
    return [];
  }
}

function detailOf(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    return String(message ?? body).slice(0, 1_000);
  } catch {
    return body.slice(0, 200);
  }
}
