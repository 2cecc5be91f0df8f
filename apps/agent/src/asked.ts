import type { FromAgent, ToAgent } from '@yosugara/protocol/agents';
import { FileDesk } from './files/desk.js';
import { inventoried } from './inventory/collect.js';
import { measure } from './measure/measure.js';

export type Asked = Extract<ToAgent, { say: 'measure' | 'inventory' | 'file-list' | 'file-read' | 'file-write' }>;

/** What whoever serves asks and is answered at once: nothing of it is kept. */
export class AskedDesk {
  readonly #files = new FileDesk();

  /** @param highestEpoch that was heard of: files are no business of who served before. */
  async answer(asked: Asked, highestEpoch: number): Promise<FromAgent> {
    if (asked.say === 'measure') return await measure(asked);
    if (asked.say === 'inventory') return await inventoried(asked.id);
    if (asked.epoch >= highestEpoch) return await this.#files.answer(asked);
    const why = `it is of epoch ${asked.epoch}, and ${highestEpoch} was heard of already`;
    return { say: 'file-answer', id: asked.id, ok: false, why, data: null };
  }

  close(): void {
    this.#files.close();
  }
}
