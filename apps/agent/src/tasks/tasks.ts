import { explain } from '@yosugara/kernel';
import type { AgentTask } from '@yosugara/protocol/agents';
import { customTask, Places } from './custom.js';
import { fileWatchTask } from './file-watch.js';
import type { RunningTask, TaskHost } from './host.js';
import { FileBudget, logFileTask } from './log-file.js';
import { type EventLogPort, windowsEventTask } from './windows-event.js';

/** What an agent does by itself. A list takes the place of the one before: what is in both goes on as it is. */
export class Tasks {
  readonly #host: TaskHost;
  readonly #budget = new FileBudget();
  readonly #places = new Places();
  readonly #events: EventLogPort | null;
  readonly #running = new Map<string, { readonly as: string; readonly task: RunningTask | null }>();
  #last: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(host: TaskHost, events: EventLogPort | null = null) {
    this.#host = host;
    this.#events = events;
  }

  set(tasks: readonly AgentTask[]): Promise<void> {
    this.#last = this.#last.then(() => this.#set(tasks));
    return this.#last;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#last.catch(() => undefined);
    await Promise.all([...this.#running.values()].map(({ task }) => task?.stop()));
    this.#running.clear();
  }

  async #set(tasks: readonly AgentTask[]): Promise<void> {
    if (this.#isClosed) return;
    const wanted = new Map(tasks.map((task) => [`${task.kind} ${task.id}`, task]));
    for (const [key, { as, task }] of [...this.#running]) {
      const next = wanted.get(key);
      if (next !== undefined && JSON.stringify(next) === as) continue;
      this.#running.delete(key);
      await task?.stop();
      if (next === undefined) await this.#forget(key.slice(key.indexOf(' ') + 1));
    }
    for (const [key, task] of wanted)
      if (!this.#running.has(key)) this.#running.set(key, { as: JSON.stringify(task), task: this.#begin(task) });
  }

  /** null = it cannot be done as it is defined. */
  #begin(task: AgentTask): RunningTask | null {
    try {
      switch (task.kind) {
        case 'log-file':
          return logFileTask(task, this.#host, this.#budget);
        case 'custom':
          return customTask(task, this.#host, this.#places);
        case 'file-watch':
          return fileWatchTask(task, this.#host);
        case 'windows-event':
          return windowsEventTask(task, this.#host, this.#events);
      }
    } catch (error) {
      this.#host.trouble('TASK', `${task.id} cannot be done: ${explain(error)}`);
      return null;
    }
  }

  async #forget(id: string): Promise<void> {
    const marks = ['log', 'watch', 'events']
      .flatMap((kind) => this.#host.marks(`${kind}/${id}/`))
      .concat(this.#host.marks(`custom/${id}`));
    if (marks.length > 0)
      await this.#host.tell(
        [],
        marks.map(({ key }) => ({ key, value: null })),
      );
  }
}
