import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { explain, InvalidInputError, YosugaraError } from '@yosugara/kernel';
import type { SettingMistake } from '@yosugara/protocol';
import { type ApiCall, COMMAND_PATHS, formerAddress, isCommandOf } from '@yosugara/protocol/api';
import { isPassing, NoManagerError, untilDone } from './again.js';
import { RefusedError } from './client.js';
import { type Credentials, credentialsOf } from './credentials.js';
import type { Found } from './find.js';
import { type Place, type Places, placesOf } from './places.js';

type Env = Readonly<Record<string, string | undefined>>;

const DEADLINE_MS = 5_000;
const TEXT_DEADLINE_MS = 60_000;
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

/** Nobody knows who asks, or the token or session is over. */
export class NotLoggedInError extends YosugaraError {
  override readonly name = 'NotLoggedInError';
}

/** What one node answered, or why it did not. */
export type NodeAnswer<T> =
  | { readonly node: string; readonly answer: T }
  | { readonly node: string; readonly answer: null; readonly why: string };

/**
 * The manager's API, on whichever data node answers.
 *
 * On a node it needs no login: the bearer is then the token of tests and tools in `secrets/pg-app`, a file of mode 0600 in the node's state
 * folder. Who can read it could read the database itself; the manager lets it do what an operator does, and gives it no rights over people.
 */
export class ManagerApi {
  readonly #places: Pick<Places, 'all' | 'nodes' | 'name'>;
  readonly #credentials: Credentials | null;

  constructor(places: Pick<Places, 'all' | 'nodes' | 'name'>, credentials: Credentials | null) {
    this.#places = places;
    this.#credentials = credentials;
  }

  /** @throws YosugaraError `NO_CLUSTER`: no data node with a readable token is on this host, and no server was named. */
  static of(found: readonly Found[] | (() => readonly Found[]), env: Env = {}): ManagerApi {
    const places = placesOf(typeof found === 'function' ? found : () => found, env);
    return new ManagerApi(places, credentialsOf(env, places.name, places.hostToken));
  }

  get nodes(): readonly { readonly id: string; readonly address: string }[] {
    return this.#places.nodes.map(({ id, place }) => ({ id, address: place.host }));
  }

  /** What a session is kept under. */
  get place(): string {
    return this.#places.name;
  }

  /** How it is known who asks; null: it is not said. */
  get comesAs(): Credentials['kind'] | null {
    return this.#credentials?.kind ?? null;
  }

  /** @throws InvalidInputError — refused; YosugaraError `NO_MANAGER` — nobody answers. */
  async get<T>(path: string, schema: Schema<T>): Promise<T> {
    return await this.#first(async (place) => schema.parse(JSON.parse(await this.#text(place, path))));
  }

  /** Every data node for itself. @throws InvalidInputError — refused by the first that answers. */
  async each<T>(path: string, schema: Schema<T>): Promise<readonly NodeAnswer<T>[]> {
    return await Promise.all(
      this.#places.nodes.map(async ({ id, place }): Promise<NodeAnswer<T>> => {
        try {
          return { node: id, answer: schema.parse(JSON.parse(await this.#text(place, path))) };
        } catch (error) {
          if (error instanceof InvalidInputError) throw error;
          return { node: id, answer: null, why: explain(error) };
        }
      }),
    );
  }

  /**
   * A call of the generated client. What changes something is done by whichever node is the Master.
   * @throws as `get` and `change`
   */
  async ask<T>({ method, path, body, headers, answer }: ApiCall<T>, deadlineMs = DEADLINE_MS): Promise<T> {
    const { text } = await this.send(method, path, body, deadlineMs, headers);
    return answer.parse(JSON.parse(text));
  }

  /** The same of every data node for itself. */
  async askEach<T>({ path, answer }: ApiCall<T>): Promise<readonly NodeAnswer<T>[]> {
    return await this.each(path, answer);
  }

  /**
   * On whichever node is the Master; a node that isn't is passed by. A command is sent again over a take-over, and done once. @param path without what says who asks.
   * @throws RefusedError — the manager understood and said no; InvalidInputError; YosugaraError `NO_MANAGER`
   */
  async change<T>(
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body: unknown,
    schema: Schema<T>,
    deadlineMs: number,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<T> {
    const { text } = await this.send(method, path, body, deadlineMs, headers);
    return schema.parse(JSON.parse(text));
  }

  /** The same, with the answer's headers and as text. */
  async send(
    method: string,
    path: string,
    body: unknown,
    deadlineMs: number,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly headers: IncomingHttpHeaders; readonly text: string }> {
    const sendOnce = async (more: Readonly<Record<string, string>>) =>
      await this.#first(async (place) => {
        const type = body === undefined ? {} : { 'content-type': 'application/json' };
        const given = { accept: 'application/json', ...type, ...headers, ...more };
        const how = { method, body: body === undefined ? '' : JSON.stringify(body), headMs: deadlineMs };
        const response = await this.#response(place, path, given, AbortSignal.timeout(deadlineMs), how);
        return { headers: response.headers, text: await textOf(response, MAX_ANSWER_BYTES) };
      });
    return isCommandOf(COMMAND_PATHS, method, path) ? await untilDone(sendOnce) : await sendOnce({});
  }

  /** What is no JSON, such as CSV or the text of a module. */
  async text(path: string, accept = 'text/csv', deadlineMs = TEXT_DEADLINE_MS): Promise<string> {
    return (await this.send('GET', path, undefined, deadlineMs, { accept })).text;
  }

  /** A stream, open until it ends or `signal` says so. The caller reads it and destroys it. */
  async open(path: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<IncomingMessage> {
    return await this.#first((place) => this.#response(place, path, headers, signal));
  }

  async #first<T>(ask: (place: Place) => Promise<T>): Promise<T> {
    const { all } = this.#places;
    let last: unknown;
    let passes = false;
    for (const place of all) {
      try {
        return await ask(place);
      } catch (error) {
        if (error instanceof InvalidInputError || error instanceof RefusedError || error instanceof MistakesError) throw error;
        // A Standby may not know yet who has just come. What one said tells more than that another is silent.
        if (!isAnswer(last)) last = error;
        passes ||= isPassing(error);
      }
    }
    if (last instanceof NotLoggedInError) throw last;
    const where = [...new Set(all.map(({ host }) => host))].join(', ');
    throw new NoManagerError(`${where} port ${all[0]?.port}`, passes && !isMissing(last), last);
  }

  async #text(place: Place, path: string): Promise<string> {
    const response = await this.#response(place, path, { accept: 'application/json' }, AbortSignal.timeout(DEADLINE_MS));
    return await textOf(response, MAX_ANSWER_BYTES);
  }

  /** 200, or it throws. */
  async #response(
    place: Place,
    path: string,
    given: Readonly<Record<string, string>>,
    signal: AbortSignal,
    { method = 'GET', body = '', headMs = DEADLINE_MS }: { method?: string; body?: string; headMs?: number } = {},
  ): Promise<IncomingMessage> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { ...this.#credentials?.headers, ...given };
      const call = place.request({ path, method, headers, signal }).once('response', resolve);
      // A host that says nothing at all: the answer's head is waited for, a stream's body is not.
      call.setTimeout(headMs, () => call.destroy(new Error('no answer in time')));
      call.once('response', () => call.setTimeout(0));
      call.once('error', reject);
      call.end(body);
    });
    const { statusCode = 0 } = response;
    if (statusCode === 200) return response;
    const said = await textOf(response, MAX_REFUSAL_BYTES).catch(() => '');
    // A manager of before an upgrade.
    const former = statusCode === 404 ? formerAddress(path) : null;
    if (former !== null) return await this.#response(place, former, given, signal, { method, body, headMs });
    throw refusal(statusCode, path, place.host, said);
  }
}

/** That there is no such thing is an answer, not the lack of one. */
export async function known<T>(asked: Promise<T>): Promise<T> {
  return await asked.catch((error: unknown) => {
    const cause = error instanceof YosugaraError && error.code === 'NO_MANAGER' ? error.cause : error;
    throw isMissing(cause) ? cause : error;
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
  if (code === 401) return new NotLoggedInError(codeIn(body), detailOf(body));
  if (REFUSALS.has(code)) return new RefusedError(codeIn(body), detailOf(body));
  const kind = code === 404 ? 'NOT_FOUND' : code === 503 ? 'PASSING' : 'HTTP';
  return new YosugaraError(kind, `${host} answered ${code}: ${detailOf(body)}`);
}

const isMissing = (error: unknown): boolean => error instanceof YosugaraError && error.code === 'NOT_FOUND';
const isAnswer = (error: unknown): boolean => error instanceof YosugaraError && error.code !== 'PASSING';

const REFUSALS: ReadonlySet<number> = new Set([403, 409, 412, 413, 422, 428, 429]);

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

/** What programs know it by. */
function codeIn(body: string): string {
  try {
    const { code } = JSON.parse(body) as { code?: unknown };
    return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,63}$/.test(code) ? code : 'REFUSED';
  } catch {
    return 'REFUSED';
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
