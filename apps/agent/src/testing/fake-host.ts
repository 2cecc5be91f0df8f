import { re2Patterns } from '@yosugara/connectors/patterns';
import { SILENT_LOG } from '@yosugara/kernel';
import type { Mark } from '@yosugara/operations/agent';
import type { AgentNews } from '@yosugara/protocol';
import type { TaskHost } from '../tasks/host.js';

/** What an agent is for its tasks: marks outlive a task, as they do a restart. */
export class FakeHost implements TaskHost {
  readonly patterns = re2Patterns();
  readonly log = SILENT_LOG;
  readonly news: AgentNews[] = [];
  readonly troubles: string[] = [];
  readonly #marks = new Map<string, unknown>();
  isFull = false;
  /** So many, then it is as if its process had been killed. */
  writesLeft = Number.POSITIVE_INFINITY;
  isDead = false;

  wallMs = (): number => Date.now();
  async tell(news: readonly AgentNews[], marks: readonly Mark[]): Promise<void> {
    this.isDead = this.writesLeft-- <= 0;
    if (this.isDead) throw new Error('it was killed');
    this.news.push(...news);
    for (const { key, value } of marks)
      if (value === null) this.#marks.delete(key);
      // As it comes from a disk.
      else this.#marks.set(key, JSON.parse(JSON.stringify(value)));
  }
  mark(key: string): unknown {
    return this.#marks.get(key);
  }
  marks(prefix: string): readonly Mark[] {
    return [...this.#marks].flatMap(([key, value]) => (key.startsWith(prefix) ? [{ key, value }] : []));
  }
  hasRoom(): boolean {
    return !this.isFull;
  }
  trouble(code: string, message: string): void {
    this.troubles.push(`${code} ${message}`);
  }
  get lines(): string[] {
    return this.news.flatMap((each) => (each.kind === 'lines' ? each.lines.map(({ text }) => text) : []));
  }
}
