import { explain, type Log } from '@yosugara/kernel';
import type { OwnJournal, PeerChannel } from './ports.js';
import { type CopyFrame, encodeFrame } from './wire.js';

/** Records of one journal that cannot be read, both ends inclusive. */
export interface DamagedRange {
  readonly journalId: string;
  readonly from: number;
  readonly through: number;
}

/** What both an own journal and a copy can do for mending. */
export type Mendable = Pick<OwnJournal, 'readEncoded' | 'mend'>;

/** Of one answer: what is damaged beyond it is asked for again. */
const LENT_BYTES = 4 * 1024 * 1024;

/**
 * One end of a connection between the receivers: asks the other end for records that are damaged here, lends it those that are
 * damaged there, and writes back what comes. Both ends hold the same journal: one wrote it, the other one copied it.
 */
export class Mending {
  readonly #channel: PeerChannel;
  readonly #journals: Mendable;
  readonly #log: Log;
  /** It said that it lends: an older version would close the connection at our question. */
  peerLends = false;

  constructor(channel: PeerChannel, journals: Mendable, log: Log) {
    this.#channel = channel;
    this.#journals = journals;
    this.#log = log;
  }

  ask({ journalId, from, through }: DamagedRange): void {
    if (this.peerLends) this.#channel.send(encodeFrame({ type: 'want', journalId, from, through }));
  }

  async lend({ journalId, from, through }: Extract<CopyFrame, { type: 'want' }>): Promise<void> {
    let records: readonly Uint8Array[] = [];
    try {
      const held = await this.#journals.readEncoded(journalId, from, LENT_BYTES);
      records = held.slice(0, Math.max(0, through - from + 1));
    } catch (error) {
      this.#log.warn('journal.not_lent', { journalId, from, through, why: explain(error) });
    }
    this.#channel.send(encodeFrame({ type: 'lent', journalId, records }));
  }

  /** Bytes that are no records, or not those that were there, change nothing. */
  async take({ journalId, records }: Extract<CopyFrame, { type: 'lent' }>): Promise<void> {
    try {
      const mended = await this.#journals.mend(journalId, records);
      if (mended > 0) this.#log.info('journal.mended', { journalId, records: mended, from: this.#channel.peer });
      else this.#log.warn('journal.not_mended', { journalId, lent: records.length });
    } catch (error) {
      this.#log.error('journal.not_mended', { journalId, why: explain(error) });
    }
  }
}
