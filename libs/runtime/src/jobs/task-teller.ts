import type { AgentTask, ToAgent } from '@yosugara/protocol';
import type { AgentLinks } from './agent-ports.js';
import type { JobRules } from './job-rules.js';
import type { JobWork } from './job-work.js';
import type { Between } from './slices.js';

/** What agents do by themselves — monitors, files that jobs wait for: each is told when it is not what it was told last. */
export class TaskTeller {
  readonly #rules: () => JobRules;
  readonly #links: AgentLinks;
  /** Agents whose tasks may be others than they know. */
  readonly #toTell = new Set<string>();
  readonly #told = new Map<string, string>();
  #version = -1;

  constructor(rules: () => JobRules, links: AgentLinks) {
    this.#rules = rules;
    this.#links = links;
  }

  get hasSomebody(): boolean {
    return this.#toTell.size > 0;
  }

  /** It may be another one than before: what it was told does not count. */
  tell(agent: string): void {
    this.#told.delete(agent);
    this.#toTell.add(agent);
  }

  /** Nobody knows what they were told. */
  tellEverybody(): void {
    this.#told.clear();
    this.#askAll();
  }

  /** To all whose tasks changed. Whoever does not listen is told the next time. */
  async run(work: JobWork, between: Between): Promise<void> {
    const { version } = this.#rules();
    if (version !== this.#version) this.#askAll();
    this.#version = version;
    for (const agent of [...this.#toTell]) {
      const pause = between();
      if (pause !== null) await pause;
      this.#say(agent, work, version);
    }
  }

  #askAll(): void {
    for (const agent of this.#links.connected()) this.#toTell.add(agent);
  }

  #say(agent: string, work: JobWork, version: number): void {
    if (!this.#links.isConnected(agent)) return void this.#toTell.delete(agent);
    const tasks = this.#tasksOf(work, agent);
    const text = JSON.stringify(tasks);
    const message: ToAgent = { say: 'tasks', epoch: work.epoch, version, tasks: [...tasks] };
    if (this.#told.get(agent) !== text && !this.#links.send(agent, message)) return;
    this.#told.set(agent, text);
    this.#toTell.delete(agent);
  }

  #tasksOf(work: JobWork, agent: string): readonly AgentTask[] {
    const watches = [...work.outside.watchesOf(agent)].map(([run, { file, sinceMs }]): AgentTask => {
      const { directory, name, change, notInUse } = file;
      return { kind: 'file-watch', id: `job/${run}`, directory, name, change, notInUse, sinceMs };
    });
    return [...this.#rules().tasksOf(agent), ...watches];
  }
}
