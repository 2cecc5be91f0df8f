import { Inject, Injectable } from '@nestjs/common';
import { type Clock, explain, type Log } from '@yosugara/kernel';
import { type ReceiversAnswer, ReceiversAnswerSchema } from '@yosugara/protocol';
import type { AskController } from '../cluster/cluster-view.js';
import { type ApiSettings, CLOCK, CONTROLLER, LOG, SETTINGS } from '../tokens.js';

const DEADLINE_MS = 1_000;
const FRESH_MS = 500;

/** What the receivers of both nodes say of themselves, through the controllers; nothing is waited for that is not heard. */
@Injectable()
export class ReceiverView {
  #known: { readonly receivers: ReceiversAnswer['receivers']; readonly atMs: number } | null = null;

  constructor(
    @Inject(CONTROLLER) private readonly ask: AskController,
    @Inject(SETTINGS) private readonly settings: ApiSettings,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  async receivers(): Promise<ReceiversAnswer['receivers']> {
    if (this.#known !== null && this.clock.monotonicMs() - this.#known.atMs < FRESH_MS) return this.#known.receivers;
    const receivers = await this.#fetch();
    this.#known = { receivers, atMs: this.clock.monotonicMs() };
    return receivers;
  }

  async #fetch(): Promise<ReceiversAnswer['receivers']> {
    try {
      return ReceiversAnswerSchema.parse(await this.ask({ method: 'receivers' }, DEADLINE_MS)).receivers;
    } catch (error) {
      // Also a controller of an older version, which does not know the question.
      this.log.debug('receivers.unknown', { why: explain(error) });
      return this.settings.dataNodes.map((node) => ({ node, report: null }));
    }
  }
}
