import { connect, type Socket } from 'node:net';
import type { Log } from '@yosugara/kernel';
import { type AwayRead, type Watermark, WatermarkSchema } from '@yosugara/protocol';
import { readJsonLines } from '../control/lines.js';
import { AwayLink } from './away-link.js';

const RECONNECT_MS = 100;
const MAX_UNSENT_BYTES = 262_144;

/** The receiver of this node: how far its journals are durable comes in, how far they are stored goes out. */
export class ReceiverLink {
  readonly #path: string;
  readonly #log: Log;
  readonly #onChange: () => void;
  /** What the other node holds. */
  readonly away: AwayLink;
  #socket: Socket | null = null;
  #mark: Watermark | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #isUp = false;
  #isClosed = false;

  constructor(path: string, log: Log, onChange: () => void) {
    this.#path = path;
    this.#log = log;
    this.#onChange = onChange;
    this.away = new AwayLink((document) => this.#ask(document));
  }

  open(): void {
    const socket = connect(this.#path);
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('connect', () => {
      this.#isUp = true;
      this.#log.info('receiver.connected');
    });
    socket.on('close', () => this.#lost());
    readJsonLines(socket, (document) => {
      if (this.away.take(document)) return;
      const mark = WatermarkSchema.safeParse(document);
      if (!mark.success) return this.#log.error('receiver.badWatermark', { why: mark.error.message });
      this.#mark = mark.data;
      this.#onChange();
    });
  }

  /** null = the receiver is not there. */
  watermark(): Watermark | null {
    return this.#mark;
  }

  /** Positions durable in both databases. The newest say all: what cannot be sent now need not be kept. */
  tellIngested(ingested: readonly { readonly journalId: string; readonly seq: number }[]): void {
    this.#tell({ ingested });
  }

  /** Records that cannot be read; asked again while that is so. */
  tellDamaged(damaged: { readonly journalId: string; readonly from: number; readonly through: number }): void {
    this.#tell({ damaged });
  }

  #tell(document: object): void {
    const socket = this.#socket;
    if (this.#isUp && socket !== null && socket.writableLength < MAX_UNSENT_BYTES) socket.write(`${JSON.stringify(document)}\n`);
  }

  #ask(document: AwayRead): boolean {
    if (!this.#isUp || this.#socket === null || this.#mark?.canRead === undefined) return false;
    this.#socket.write(`${JSON.stringify(document)}\n`);
    return true;
  }

  close(): void {
    this.#isClosed = true;
    this.away.lost();
    clearTimeout(this.#retry);
    this.#socket?.destroy();
  }

  #lost(): void {
    if (this.#isUp) this.#log.warn('receiver.lost');
    this.#isUp = false;
    this.#mark = null;
    this.away.lost();
    this.#onChange();
    if (!this.#isClosed) this.#retry = setTimeout(() => this.open(), RECONNECT_MS);
  }
}
