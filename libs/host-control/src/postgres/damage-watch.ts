import { stat } from 'node:fs/promises';
import { explain } from '@yosugara/kernel';
import type { Survey } from '@yosugara/runtime';
import { isThere } from '../os/files.js';
import { type HostContext, inPgdata } from './context.js';
import { damageIn, type LogPlace, waitsInVain } from './damage.js';
import { survey, verifyPages } from './survey.js';
import { mark } from './unfinished.js';
import type { Watch } from './watch.js';

/** What is known against the data directory: from the last words of a server that ended, from its log, from reading every page. */
export class DamageWatch {
  readonly #host: HostContext;
  readonly #watch: Watch;
  /** A check of the pages under way: whatever changes something comes first. */
  #reading: AbortController | null = null;
  #verified: { readonly key: string; readonly why: string | null } | null = null;
  /** A server that was started as somebody's standby, and what was in the log before. */
  #standby: LogPlace | null = null;

  constructor(host: HostContext, watch: Watch) {
    this.#host = host;
    this.#watch = watch;
  }

  /** @param log where the words of the server that starts now begin; null: it follows nobody. */
  started(log: LogPlace | null): void {
    this.#standby = log;
  }

  /** What was here, and what its server said, is no more. */
  replaced(): void {
    this.#standby = null;
    this.#verified = null;
  }

  giveWay(): void {
    this.#reading?.abort();
  }

  /**
   * A standby that says why it can never start is of no use: the marker makes that a fact, and the data directory is copied anew. Only
   * with somebody to follow: a node that may be needed as it is keeps everything.
   */
  async judgeEnd(): Promise<void> {
    const place = this.#standby;
    if (place === null) return;
    try {
      const why = await damageIn(place);
      if (why === null || (await isThere(this.#host.paths.unfinished))) return;
      this.#host.log.error('postgres.damaged', { why });
      await mark(this.#host.paths, `damaged: ${why}`, this.#host.account);
      this.#watch.forget();
    } catch (error) {
      this.#host.log.warn('postgres.end', { why: explain(error) });
    }
  }

  async survey(verify: boolean): Promise<Survey> {
    const wanted = verify && this.#host.config.recover.verifyPages;
    const facts = this.#watch.facts();
    const pages = () => (wanted ? this.#pages() : Promise.resolve(this.#verified?.why ?? null));
    const vain =
      this.#standby === null || (facts.kind === 'standby' && facts.receiver === 'streaming')
        ? null
        : await waitsInVain(this.#standby);
    return await survey(this.#host, facts, async () => vain ?? (facts.kind === 'stopped' ? await pages() : null));
  }

  /** Once for each state of the directory: what it was when it was stopped. */
  async #pages(): Promise<string | null> {
    const control = await stat(inPgdata(this.#host, 'global/pg_control')).catch(() => null);
    const facts = this.#watch.facts();
    if (control === null || facts.kind !== 'stopped' || facts.state === 'incomplete' || facts.state === 'crashed-primary')
      return null;
    const key = `${control.mtimeMs}/${control.ino}`;
    if (this.#verified?.key === key) return this.#verified.why;
    const reading = new AbortController();
    this.#reading = reading;
    const why = await verifyPages(this.#host, reading.signal);
    if (!reading.signal.aborted) this.#verified = { key, why };
    return why;
  }
}
