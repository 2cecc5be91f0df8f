import { type Clock, explain, type Log } from '@yosugara/kernel';
import type { RecoverReport } from '@yosugara/protocol';
import type { PostgresHost } from '../ports/host.js';
import { isStep } from '../recover/machine.js';
import type { RecoverStore } from '../recover/types.js';
import type { ControllerState } from './state.js';
import type { ControllerInput } from './types.js';

const SURVEY_MS = 3_000;
const SURVEY_CALM_MS = 10_000;

interface RecoverHandPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly recover?: RecoverStore;
  readonly host: { readonly postgres: PostgresHost } | null;
}
type Told = Extract<ControllerInput, { kind: 'survey' | 'recoverLoaded' }>;

/** What a recover needs of the host beside the verbs: its journal on disk, and looks that are too dear for every probe. */
export class RecoverHand {
  readonly #ports: RecoverHandPorts;
  readonly #push: (told: Told) => void;
  #journaled: RecoverReport | null = null;
  #journaling = false;
  #surveying = false;
  #surveyDueMs = 0;

  constructor(ports: RecoverHandPorts, push: (told: Told) => void) {
    this.#ports = ports;
    this.#push = push;
  }

  /** Before the first step: what the life before this one did. */
  async load(): Promise<void> {
    const report = await this.#ports.recover?.load().catch((cause: unknown) => {
      this.#ports.log.warn('recover.unread', { why: explain(cause) });
      return null;
    });
    if (report == null) return;
    this.#journaled = report;
    this.#push({ kind: 'recoverLoaded', report });
  }

  /** After each step of a recover; the newest wins. It only tells: a disk that does not take it stops nothing. */
  journal(recover: RecoverReport | null): void {
    const { recover: store, log } = this.#ports;
    if (store === undefined || recover === null || recover === this.#journaled || !isStep(this.#journaled, recover)) return;
    this.#journaled = recover;
    if (this.#journaling) return;
    this.#journaling = true;
    const write = async (): Promise<void> => {
      for (let wrote: RecoverReport | null = null; wrote !== this.#journaled; ) {
        wrote = this.#journaled!;
        await store.save(wrote);
      }
    };
    write()
      .catch((cause: unknown) => log.warn('recover.unsaved', { why: explain(cause) }))
      .finally(() => {
        this.#journaling = false;
      });
  }

  /** Sizes, room, damage: what changes slowly and is dear to find out. */
  surveyWhenDue({ facts, decision, busy, endedMs }: ControllerState): void {
    const { host, clock, log } = this.#ports;
    if (host === null || this.#surveying || clock.monotonicMs() < this.#surveyDueMs || busy.has('postgres')) return;
    const calm = facts.kind === 'primary' || (facts.kind === 'standby' && facts.receiver === 'streaming');
    this.#surveyDueMs = clock.monotonicMs() + (calm ? SURVEY_CALM_MS : SURVEY_MS);
    this.#surveying = true;
    const before = endedMs.get('pg.baseBackup');
    host.postgres
      .survey(decision.needsRecover)
      .then((survey) => {
        // What was copied meanwhile is another directory.
        if (endedMs.get('pg.baseBackup') === before) this.#push({ kind: 'survey', survey });
      })
      .catch((cause: unknown) => log.warn('postgres.survey', { why: explain(cause) }))
      .finally(() => {
        this.#surveying = false;
      });
  }
}
