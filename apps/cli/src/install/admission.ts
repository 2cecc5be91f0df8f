import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { type Authority, certificatePem, keyOfRequest, memberCertificate } from '@yosugara/connectors/pki';
import { explain, InvalidInputError } from '@yosugara/kernel';
import {
  type Forming,
  type FormingState,
  JOINING_PATHS,
  type MemberJoin,
  MemberJoinSchema,
  type MemberWelcome,
} from '@yosugara/protocol';
import { admit, missingOf, wholeOf } from './forming.js';

const MAX_BODY_BYTES = 32_768;
const DEADLINE_MS = 10_000;
const MAX_CONNECTIONS = 64;
/** Wrong tokens of one address in a minute; then it waits. */
const MAX_WRONG = 10;
const MINUTE_MS = 60_000;
const MAX_ADDRESSES = 10_000;

export interface AdmissionOptions {
  readonly authority: Authority;
  /** Of the certificates that it gives; absent: long, since nothing renews them. */
  readonly lifeMs?: number;
  /** This server's own, PEM. */
  readonly tls: { readonly key: string; readonly certificate: string };
  /** What every data node has alike: file below the state directory → what is in it. */
  readonly shared: Readonly<Record<string, string>>;
  readonly read: () => FormingState;
  /** On disk when it resolves. */
  readonly write: (state: FormingState) => Promise<void>;
  /** Nobody else writes what is read and written within it. */
  readonly turn: <Result>(task: () => Promise<Result>) => Promise<Result>;
  readonly say: (line: string) => void;
  readonly now?: () => number;
}

interface Answer {
  readonly status: number;
  readonly body: object;
}
const no = (status: number, code: string, message: string): Answer => ({ status, body: { code, message } });

/** Answers joins: who has a token gets a certificate once; who has a certificate hears how far the cluster is. */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #server: Server;
  readonly #now: () => number;
  /** One at a time: a token is used once. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #wrong = new Map<string, { count: number; untilMs: number }>();

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    const authority = certificatePem(options.authority.certificate);
    this.#server = createServer(
      {
        key: options.tls.key,
        // With the authority's own, by which a token knows us.
        cert: `${options.tls.certificate}${authority}`,
        ca: authority,
        ...{ requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.3' },
        ...{ headersTimeout: DEADLINE_MS, requestTimeout: DEADLINE_MS, handshakeTimeout: DEADLINE_MS },
      },
      (request, response) => void this.#answer(request, response),
    );
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  async listen(address: string, port: number): Promise<number> {
    await new Promise<void>((done, fail) => this.#server.once('error', fail).listen(port, address, done));
    return (this.#server.address() as { port: number }).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
    await this.#turn.catch(() => undefined);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: Answer;
    try {
      answer = await this.#route(request);
    } catch (error) {
      this.#options.say(`a join could not be answered: ${explain(error)}`);
      answer = no(500, 'FAILED', 'the first server could not answer; its log says why');
    }
    const body = JSON.stringify(answer.body);
    response.writeHead(answer.status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.end(body);
  }

  async #route(request: IncomingMessage): Promise<Answer> {
    const call = `${request.method} ${request.url}`;
    if (call === `POST ${JOINING_PATHS.join}`) return await this.#join(request);
    const member = this.#memberOf(request);
    if (member === null) return no(401, 'NOT_A_MEMBER', 'a certificate of this cluster is needed');
    if (call === `GET ${JOINING_PATHS.forming}`) return { status: 200, body: this.#forming() };
    if (call === `POST ${JOINING_PATHS.formed}`) return await this.#inTurn(() => this.#formed(member));
    return no(404, 'NOT_FOUND', 'nothing is there');
  }

  #forming(): Forming {
    const { config } = this.#options.read();
    return { missing: [...missingOf(config)], config: wholeOf(config), clockMs: this.#now() };
  }

  async #formed(member: string): Promise<Answer> {
    const state = this.#options.read();
    if (wholeOf(state.config) === null) return no(409, 'NOT_WHOLE', 'members are missing');
    if (!state.formed.includes(member)) await this.#options.write({ ...state, formed: [...state.formed, member] });
    return { status: 200, body: {} };
  }

  #memberOf(request: IncomingMessage): string | null {
    const socket = request.socket as TLSSocket;
    const name = socket.authorized ? socket.getPeerCertificate().subject?.CN : undefined;
    const { members } = this.#options.read().config.cluster;
    return members.find(({ id }) => id === name)?.id ?? null;
  }

  async #join(request: IncomingMessage): Promise<Answer> {
    const from = request.socket.remoteAddress ?? '';
    if (this.#waits(from)) return no(429, 'TOO_MANY', 'too many wrong tokens: wait a minute');
    const body = MemberJoinSchema.safeParse(await jsonOf(request));
    if (!body.success) return no(400, 'BAD_REQUEST', 'the question is not understood: another version?');
    return await this.#inTurn(() => this.#admit(body.data, from));
  }

  async #admit(asked: MemberJoin, from: string): Promise<Answer> {
    const admission = admit(this.#options.read(), asked, this.#now());
    if (admission.kind === 'refused') {
      if (admission.code === 'TOKEN_UNKNOWN') this.#countWrong(from);
      this.#options.say(`refused a join from ${from}: ${admission.why}`);
      return no(403, admission.code, admission.why);
    }
    let welcome: MemberWelcome;
    try {
      welcome = await this.#welcome(admission.state, asked);
    } catch (error) {
      if (error instanceof InvalidInputError) return no(400, error.code, error.message);
      throw error;
    }
    // First it is known here, then its bearer has it: a crash between leaves a token that the same host can use again.
    if (!admission.again) await this.#options.write(admission.state);
    const missing = missingOf(admission.state.config);
    this.#options.say(
      `${asked.member} joined from ${from}; ${missing.length === 0 ? 'all are here' : `missing: ${missing.join(', ')}`}`,
    );
    return { status: 200, body: welcome };
  }

  async #welcome({ config, log }: FormingState, asked: MemberJoin): Promise<MemberWelcome> {
    const { authority, shared, lifeMs } = this.#options;
    const self = config.cluster.members.find(({ id }) => id === asked.member)!;
    const vip = self.kind === 'witness' || config.cluster.vip === undefined ? [] : [config.cluster.vip.address];
    return {
      certificate: await memberCertificate(authority, self.id, [self.address, ...vip], await keyOfRequest(asked.request), lifeMs),
      authority: certificatePem(authority.certificate),
      // A witness holds no operations data, so it gets no password to any.
      secrets: self.kind === 'witness' ? {} : { ...shared },
      config,
      ...(log === undefined ? {} : { log }),
      clockMs: this.#now(),
    };
  }

  #inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.catch(() => undefined).then(() => this.#options.turn(task));
    this.#turn = result;
    return result;
  }

  #waits(from: string): boolean {
    const known = this.#wrong.get(from);
    return known !== undefined && known.untilMs > this.#now() && known.count >= MAX_WRONG;
  }

  #countWrong(from: string): void {
    const nowMs = this.#now();
    for (const [address, { untilMs }] of this.#wrong) if (untilMs <= nowMs) this.#wrong.delete(address);
    if (this.#wrong.size >= MAX_ADDRESSES) this.#wrong.clear();
    const known = this.#wrong.get(from);
    this.#wrong.set(from, { count: (known?.count ?? 0) + 1, untilMs: known?.untilMs ?? nowMs + MINUTE_MS });
  }
}

async function jsonOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch {
    return undefined;
  }
}
