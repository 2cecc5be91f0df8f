import type { JobEnv, LinkMessage, NewsOfAgent, Pattern, PinnedUnit, Sample } from '@yosugara/operations';
import type { AgentTask, JobQueueBody, JobTriggerBody, Priority } from '@yosugara/protocol';
import type { OperationsRules } from '../operations/rules.js';

export interface JobTriggerSetting {
  readonly id: string;
  readonly revision: number;
  readonly body: JobTriggerBody;
}

/** Look-ups of the settings that sessions need. */
export type JobWorld = Pick<JobEnv, 'isOpen' | 'nodesOf' | 'hasAgent' | 'nodeJob' | 'nodeValue' | 'matches'>;

/** What one version of the settings says of jobs. Pure: the same questions have the same answers. */
export interface JobRules extends OperationsRules {
  readonly world: JobWorld;
  /** As it is now; null = there is none that is enabled. */
  unit(id: string): PinnedUnit | null;
  /** All that are enabled. */
  triggers(): Iterable<JobTriggerSetting>;
  /** null = there is none that is enabled. */
  trigger(id: string): JobTriggerSetting | null;
  /** null = there is none, so that nothing runs through it. */
  queue(id: string): JobQueueBody | null;
  isNode(id: string): boolean;
  /** What monitors and triggers want of that agent. */
  tasksOf(agent: string): readonly AgentTask[];
  samplesOfNews(news: NewsOfAgent): readonly Sample[];
  /** RE2 that the whole of a name must match. */
  wholePattern(pattern: string): Pattern;
  /** RE2 somewhere in a text. */
  pattern(pattern: string): Pattern;
}

/** What is done outside for jobs, but what agents do. Each ends by its deadline; what goes wrong is a sentence. */
export interface JobErrands {
  /** One look of a monitor at a node: what it would say. */
  monitor(
    monitor: string,
    facility: string,
    deadlineMs: number,
    signal: AbortSignal,
  ): Promise<{ readonly priority: Priority; readonly message: string }>;
  /** To another cluster's managers. Said twice under one id it is there once. */
  link(
    to: { readonly address: string; readonly access: string | null },
    message: LinkMessage,
    deadlineMs: number,
    signal: AbortSignal,
  ): Promise<{ readonly ok: boolean; readonly why: string }>;
}
