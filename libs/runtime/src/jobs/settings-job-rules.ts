import {
  compileOne,
  isProblem,
  NEVER,
  type NewsOfAgent,
  nodeValue,
  type Pattern,
  type PatternPort,
  type PinnedUnit,
  type Result,
  type Sample,
  type Told,
} from '@yosugara/operations';
import type { AgentTask, JobQueueBody } from '@yosugara/protocol';
import { AgentTasks } from '../operations/agent-tasks.js';
import type { SettingsRules } from '../operations/settings-rules.js';
import type { SettingsSnapshot } from '../settings/index.js';
import type { JobRules, JobTriggerSetting, JobWorld } from './job-rules.js';

const MOST_PATTERNS = 2_000;
const DEFAULT_PRIORITY = 16;

export interface SettingsJobRulesOptions {
  readonly snapshot: SettingsSnapshot;
  readonly rules: SettingsRules;
  readonly patterns: PatternPort;
  /** An agent of that node has joined; connected or not. */
  readonly hasJoined: (agent: string) => boolean;
}

/** What the settings say to the loop of jobs, always as they are now. */
export class SettingsJobRules implements JobRules {
  readonly world: JobWorld;
  readonly #o: SettingsJobRulesOptions;
  readonly #patterns = new Map<string, Pattern>();
  #tasks: AgentTasks | null = null;

  constructor(options: SettingsJobRulesOptions) {
    this.#o = options;
    const { snapshot, rules, hasJoined } = options;
    this.world = {
      isOpen: (calendar, atMs) => rules.calendarOpen(calendar, atMs),
      nodesOf: (facility) => {
        const { facilities, nodes, scopes } = snapshot;
        return nodes.has(facility) || scopes.has(facility) ? [...facilities.nodesBelow(facility)].sort() : null;
      },
      hasAgent: (node) => snapshot.nodes.get(node)?.enabled === true && hasJoined(node),
      nodeJob: (node) => {
        const job = snapshot.nodes.get(node)?.body.job;
        return { priority: job?.priority ?? DEFAULT_PRIORITY, multiplicity: job?.multiplicity ?? 0 };
      },
      nodeValue: (node, name) => {
        const body = snapshot.nodes.get(node)?.body;
        return body === undefined ? undefined : nodeValue(body, name);
      },
      matches: (pattern, text) => this.pattern(pattern).test(text),
    };
  }

  get version(): number {
    return this.#o.snapshot.version;
  }

  unit(id: string): PinnedUnit | null {
    const unit = this.#o.snapshot.get('job-unit', id);
    if (unit === undefined || !unit.enabled) return null;
    const { revision, ownerRole, body } = unit;
    return { id, revision, ownerRole, body };
  }

  *triggers(): Iterable<JobTriggerSetting> {
    for (const { id, revision, enabled, body } of this.#o.snapshot.all('job-trigger').values())
      if (enabled) yield { id, revision, body };
  }

  trigger(id: string): JobTriggerSetting | null {
    const trigger = this.#o.snapshot.get('job-trigger', id);
    return trigger === undefined || !trigger.enabled ? null : { id, revision: trigger.revision, body: trigger.body };
  }

  queue(id: string): JobQueueBody | null {
    const queue = this.#o.snapshot.get('job-queue', id);
    return queue === undefined || !queue.enabled ? null : queue.body;
  }

  isNode(id: string): boolean {
    return this.#o.snapshot.nodes.get(id)?.enabled === true;
  }

  tasksOf(agent: string): readonly AgentTask[] {
    if (this.#tasks?.version !== this.version) this.#tasks = new AgentTasks(this.#o.snapshot);
    return this.#tasks.of(agent);
  }

  samplesOfNews(news: NewsOfAgent): readonly Sample[] {
    return this.#o.rules.samplesOfNews(news);
  }

  wholePattern(pattern: string): Pattern {
    return this.#compiled(pattern, 'whole');
  }

  pattern(pattern: string): Pattern {
    return this.#compiled(pattern, 'regex');
  }

  judge(sample: Sample, state: unknown) {
    return this.#o.rules.judge(sample, state);
  }
  countedIn(sample: Sample) {
    // What an agent tells is of no message.
    return this.#o.rules.countedIn(sample, null);
  }
  notification(id: string) {
    return this.#o.rules.notification(id);
  }
  calendarOpen(calendar: string | null, atMs: number): boolean {
    return this.#o.rules.calendarOpen(calendar, atMs);
  }
  suppressedBy(result: Result, nowMs: number): string | null {
    return this.#o.rules.suppressedBy(result, nowMs);
  }
  event(told: Told) {
    return this.#o.rules.event(told);
  }
  status(told: Told) {
    return this.#o.rules.status(told);
  }
  outbox(told: Told, nowMs: number) {
    return this.#o.rules.outbox(told, nowMs);
  }

  #compiled(pattern: string, mode: 'whole' | 'regex'): Pattern {
    const key = `${mode}\0${pattern}`;
    const known = this.#patterns.get(key);
    if (known !== undefined) return known;
    const compiled = compileOne(this.#o.patterns, { pattern, mode, caseSensitive: true });
    const found = isProblem(compiled) ? NEVER : compiled;
    if (this.#patterns.size >= MOST_PATTERNS) this.#patterns.clear();
    this.#patterns.set(key, found);
    return found;
  }
}
