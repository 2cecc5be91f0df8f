import { Alarm } from '@yosugara/kernel';
import { type RoleNotice, RoleNoticeSchema } from '@yosugara/protocol';
import { followLines, type LineConnection, monotonicMs } from '@yosugara/receivers';

/** The controller's word about this node, from its socket. The receiver works without it: then it holds no VIP and answers nothing alone. */
export class RoleWatch {
  readonly #stop: () => void;
  readonly #onChange: () => void;
  readonly #monotonicMs: () => number;
  #notice: RoleNotice | null = null;
  #connection: LineConnection | null = null;
  /** A word ends with its lease, whether or not another one comes. */
  readonly #expiry: Alarm;

  constructor(controlSocket: string, onChange: () => void, clock = monotonicMs) {
    this.#onChange = onChange;
    this.#monotonicMs = clock;
    this.#expiry = new Alarm(clock, onChange);
    this.#stop = followLines(controlSocket, {
      onOpen: (connection) => {
        this.#connection = connection;
        connection.send({ id: 1, method: 'watch', as: 'receiver' });
      },
      onDocument: (document) => this.#take(document),
      onClose: () => {
        this.#connection = null;
      },
    });
  }

  /** This node holds the VIP, by a word that is still good. */
  get vip(): boolean {
    return this.#valid?.vip ?? false;
  }

  get ingestAlone(): boolean {
    return this.#valid?.ingestAlone ?? false;
  }

  report(report: unknown): void {
    this.#connection?.send({ id: 2, method: 'report', report });
  }

  stop(): void {
    this.#expiry.clear();
    this.#stop();
  }

  get #valid(): RoleNotice | null {
    return this.#notice !== null && this.#monotonicMs() < this.#notice.leaseUntilMs ? this.#notice : null;
  }

  #take(document: unknown): void {
    const event = document !== null && typeof document === 'object' && 'event' in document ? document.event : undefined;
    const parsed = RoleNoticeSchema.safeParse(event);
    if (!parsed.success) return;
    this.#notice = parsed.data;
    this.#expiry.set(parsed.data.leaseUntilMs);
    this.#onChange();
  }
}
