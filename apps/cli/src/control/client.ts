import { connect, type Socket } from 'node:net';
import { AwakeTimer, DeadlineError, YosugaraError } from '@yosugara/kernel';
import { type ControlRequest, type Status, StatusSchema } from '@yosugara/protocol';

/** The protocol's bound of a line (libs/protocol/src/control.ts). */
const MAX_LINE_BYTES = 1 << 20;
/** A controller answers from memory; one that needs longer is hung, and the next may know better. */
export const ANSWER_DEADLINE_MS = 3_000;

/** A command answers when it is committed, and the controllers' own deadline for that is 4 s (libs/runtime). */
const COMMAND_DEADLINE_MS = 5_000;

/** A request without its number; each connection carries one. */
export type Ask = ControlRequest extends infer R ? (R extends { readonly id: number } ? Omit<R, 'id'> : never) : never;

/** The controller understood and said no. `code` is the controller's. */
export class RefusedError extends YosugaraError {
  override readonly name = 'RefusedError';
}

/** No controller could be asked. */
export class NoControllerError extends YosugaraError {
  override readonly name = 'NoControllerError';
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super('NO_CONTROLLER', message, options);
  }
}

/**
 * Asks one controller one question on its control socket.
 *
 * @throws RefusedError it answered with an error. DeadlineError, NoControllerError: it did not answer.
 */
export function askSocket(path: string, ask: Ask, deadlineMs = ANSWER_DEADLINE_MS): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const timer = new AwakeTimer(deadlineMs, () => end(() => reject(new DeadlineError(path, deadlineMs))));
    const end = (settle: () => void) => {
      timer.stop();
      socket.destroy();
      settle();
    };
    socket.once('connect', () => socket.write(`${JSON.stringify({ id: 1, ...ask })}\n`));
    socket.once('error', (cause) => end(() => reject(new NoControllerError(`${path}: ${cause.message}`, { cause }))));
    socket.once('close', () => end(() => reject(new NoControllerError(`${path}: closed without an answer`))));
    readLine(socket, (line) => end(() => settleWith(line, path, resolve, reject)));
  });
}

function readLine(socket: Socket, got: (line: string) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    const ends = chunk.includes(10);
    if (ends || bytes > MAX_LINE_BYTES) got(Buffer.concat(chunks).toString('utf8').split('\n', 1)[0] ?? '');
  });
}

function settleWith(line: string, path: string, resolve: (result: unknown) => void, reject: (error: Error) => void): void {
  const answer = parseAnswer(line);
  if (answer === null) return reject(new NoControllerError(`${path}: answered with something that is no answer`));
  if ('error' in answer) return reject(new RefusedError(answer.error.code, answer.error.message));
  return resolve(answer.result);
}

function parseAnswer(
  line: string,
): { readonly result: unknown } | { readonly error: { readonly code: string; readonly message: string } } | null {
  try {
    const answer = JSON.parse(line) as { result?: unknown; error?: { code?: unknown; message?: unknown } };
    if (answer.error !== undefined) return { error: { code: String(answer.error.code), message: String(answer.error.message) } };
    return 'result' in answer ? { result: answer.result } : null;
  } catch {
    return null;
  }
}

/** Codes with which a controller sends the asker to another one. */
const TRY_ANOTHER = new Set(['NOT_LEADER', 'NO_LEADER', 'UNAVAILABLE', 'UNKNOWN_METHOD']);

/** The controllers of this host: one on a server, all three in the local cluster. */
export class Controllers {
  readonly #sockets: readonly string[];
  constructor(sockets: readonly string[]) {
    this.#sockets = sockets;
  }

  /**
   * What the cluster is like, from whoever knows most: all are asked at once, because one that is cut off answers too, with
   * what it last heard.
   */
  async status(): Promise<Status> {
    const answers = await Promise.allSettled(this.#sockets.map((path) => askSocket(path, { method: 'status' })));
    const heard = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [StatusSchema.parse(answer.value)] : []));
    const best = heard.sort(byKnowledge)[0];
    if (best !== undefined) return best;
    throw this.#silence(answers.map((answer) => (answer.status === 'rejected' ? answer.reason : null)));
  }

  /** Asks one after the other until one takes the request. */
  async command(ask: Ask, deadlineMs = COMMAND_DEADLINE_MS): Promise<unknown> {
    const refusals: unknown[] = [];
    for (const path of this.#sockets) {
      try {
        return await askSocket(path, ask, deadlineMs);
      } catch (error) {
        // One that does not answer may have taken the request: every request names its node, so a second one changes nothing more.
        const silent = error instanceof NoControllerError || error instanceof DeadlineError;
        const elsewhere = error instanceof RefusedError ? TRY_ANOTHER.has(error.code) : silent;
        if (!elsewhere) throw error;
        refusals.push(error);
      }
    }
    throw refusals.find((error) => error instanceof RefusedError) ?? this.#silence(refusals);
  }

  #silence(reasons: readonly unknown[]): NoControllerError {
    const cause = reasons.find((reason) => reason !== null);
    return new NoControllerError('no controller answers on this host: is the cluster running?', { cause });
  }
}

/** Newest epoch first, then who hears most, then the leader itself. */
function byKnowledge(one: Status, other: Status): number {
  const hears = (status: Status) => status.nodes.filter((node) => node.reachable).length;
  const leads = (status: Status) => (status.leader === status.answeredBy ? 1 : 0);
  return other.epoch - one.epoch || hears(other) - hears(one) || leads(other) - leads(one);
}
