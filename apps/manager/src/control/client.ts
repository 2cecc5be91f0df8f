import { connect, type Socket } from 'node:net';
import { DeadlineError, type Log, YosugaraError } from '@yosugara/kernel';
import { type ControlRequest, type ManagerReport, RoleNoticeSchema } from '@yosugara/protocol';
import type { Authority } from './authority.js';
import { readJsonLines } from './lines.js';

/** Nobody listens on the control socket, or it was closed before the answer. */
export class ControllerUnreachableError extends YosugaraError {
  override readonly name = 'ControllerUnreachableError';
  constructor(cause: unknown) {
    super('CONTROLLER_UNREACHABLE', 'the controller of this node does not answer', { cause });
  }
}

/** The controller answered, and said no. */
export class ControllerRefusedError extends YosugaraError {
  override readonly name = 'ControllerRefusedError';
}

const RECONNECT_MS = 50;
const REPORT_EVERY_MS = 500;
/** The controller is told at once, but a flapping state must not flood it. */
const REPORT_FLOOR_MS = 10;
const MAX_UNSENT_BYTES = 262_144;

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;
export type ControlQuestion = WithoutId<
  Extract<ControlRequest, { method: 'status' | 'receivers' | 'recover' | 'switchover' | 'maintenance' | 'pause' | 'fence' }>
>;

/**
 * One question on a connection of its own, so that a slow answer never delays the notices.
 * @throws ControllerUnreachableError, ControllerRefusedError, DeadlineError
 */
export async function askController(socketPath: string, question: ControlQuestion, deadlineMs: number): Promise<unknown> {
  return await new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      socket.destroy();
      settle();
    };
    const timer = setTimeout(
      () => finish(() => reject(new DeadlineError(`controller, ${question.method}`, deadlineMs))),
      deadlineMs,
    );
    socket.on('error', (cause) => finish(() => reject(new ControllerUnreachableError(cause))));
    socket.on('close', () => finish(() => reject(new ControllerUnreachableError(new Error('closed before the answer')))));
    socket.on('connect', () => socket.write(`${JSON.stringify({ id: 1, ...question })}\n`));
    readJsonLines(socket, (document) => {
      const answer = document as { id?: number; result?: unknown; error?: { code: string; message: string } };
      if (answer.id !== 1) return;
      const { error } = answer;
      finish(() =>
        error === undefined ? resolve(answer.result) : reject(new ControllerRefusedError(error.code, error.message)),
      );
    });
  });
}

/** Keeps one connection to this node's controller: notices come in, reports go out. Reconnects for as long as it is open. */
export class ControlLink {
  readonly #path: string;
  readonly #authority: Authority;
  readonly #report: () => ManagerReport;
  readonly #log: Log;
  #socket: Socket | null = null;
  #closed = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #tick: ReturnType<typeof setInterval> | undefined;
  #soon: ReturnType<typeof setTimeout> | undefined;
  #isUp = false;

  constructor(path: string, authority: Authority, report: () => ManagerReport, log: Log) {
    this.#path = path;
    this.#authority = authority;
    this.#report = report;
    this.#log = log;
  }

  open(): void {
    this.#connect();
    this.#tick = setInterval(() => this.#send(), REPORT_EVERY_MS);
  }

  /** Something in the report changed. */
  changed(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.#send();
    }, REPORT_FLOOR_MS);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#soon);
    clearInterval(this.#tick);
    this.#socket?.destroy();
    this.#authority.disconnected();
  }

  #connect(): void {
    const socket = connect(this.#path);
    this.#socket = socket;
    socket.on('error', (error) => {
      if (this.#isUp) this.#log.warn('control.error', { error: error.message });
    });
    socket.on('connect', () => {
      this.#isUp = true;
      this.#log.info('control.connected');
      socket.write(`${JSON.stringify({ id: 1, method: 'watch', as: 'manager' })}\n`);
      this.#send();
    });
    socket.on('close', () => this.#lost());
    readJsonLines(socket, (document) => this.#onDocument(document));
  }

  #lost(): void {
    if (this.#isUp) this.#log.warn('control.lost');
    this.#isUp = false;
    this.#authority.disconnected();
    if (!this.#closed) this.#retry = setTimeout(() => this.#connect(), RECONNECT_MS);
  }

  #onDocument(document: unknown): void {
    const { event, error } = document as { event?: unknown; error?: unknown };
    if (error !== undefined) return this.#log.error('control.refused', { error });
    if (event === undefined) return;
    const notice = RoleNoticeSchema.safeParse(event);
    if (notice.success) this.#authority.take(notice.data);
    else this.#log.error('control.badNotice', { error: notice.error.message });
  }

  #send(): void {
    if (!this.#isUp || this.#socket === null || this.#socket.writableLength > MAX_UNSENT_BYTES) return;
    this.#socket.write(`${JSON.stringify({ id: 2, method: 'report', report: this.#report() })}\n`);
  }
}
