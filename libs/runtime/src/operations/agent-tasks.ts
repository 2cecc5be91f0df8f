import { agentTaskId, nodeValue, render, scheduleOf, type Values } from '@yosugara/operations';
import type { AgentTask, JobTriggerOf, MonitorBody, MonitorOf } from '@yosugara/protocol';
import type { SettingsSnapshot } from '../settings/index.js';

/** As many as a list may have (`ToAgentSchema`). */
const MOST_TASKS = 10_000;

type Custom = MonitorOf<'custom-numeric'> | MonitorOf<'custom-string'>;
type Followed = Custom | MonitorOf<'log-file'> | MonitorOf<'windows-event'>;

interface Wanted {
  readonly id: string;
  readonly facility: string;
  /** The one agent that does it for all nodes; null = each for itself. */
  readonly by: string | null;
  readonly task: (id: string, node: string, values: Values) => AgentTask;
}

/** What agents do by themselves, as the settings of one version have it. */
export class AgentTasks {
  readonly version: number;
  readonly #snapshot: SettingsSnapshot;
  readonly #wanted: readonly (Wanted & { readonly kind: 'monitor' | 'trigger' })[];

  constructor(snapshot: SettingsSnapshot) {
    this.version = snapshot.version;
    this.#snapshot = snapshot;
    const monitors = snapshot.enabled('monitor').flatMap(({ id, body }) => {
      const followed = followedOf(body);
      return followed === null ? [] : [{ kind: 'monitor' as const, ...wantedOf(id, followed) }];
    });
    const triggers = snapshot.enabled('job-trigger').flatMap(({ id, body }) => {
      return body.type === 'file-check' ? [{ kind: 'trigger' as const, ...watchOf(id, body) }] : [];
    });
    this.#wanted = [...monitors, ...triggers];
  }

  /** In one order, so that the same are the same. */
  of(agent: string): readonly AgentTask[] {
    const { facilities } = this.#snapshot;
    const tasks: AgentTask[] = [];
    for (const { kind, id, facility, by, task } of this.#wanted) {
      if (by !== null && by !== agent) continue;
      const nodes = by === null ? (facilities.isIn(agent, facility) ? [agent] : []) : [...facilities.nodesBelow(facility)].sort();
      for (const node of nodes) {
        if (tasks.length >= MOST_TASKS) return tasks;
        tasks.push(task(agentTaskId({ kind, id, facility: node }), node, this.#valuesOf(node)));
      }
    }
    return tasks;
  }

  #valuesOf(node: string): Values {
    const body = this.#snapshot.nodes.get(node)?.body;
    return (name) => (name === 'FACILITY_ID' ? node : body === undefined ? undefined : nodeValue(body, name));
  }
}

/** null = no agent is needed for it. */
function followedOf(body: MonitorBody): Followed | null {
  if (!(body.monitor || body.collect)) return null;
  if (body.type === 'log-file' || body.type === 'windows-event') return body;
  return body.type === 'custom-numeric' || body.type === 'custom-string' ? body : null;
}

function wantedOf(id: string, body: Followed): Wanted {
  const { facility } = body;
  switch (body.type) {
    case 'log-file': {
      const { directory, file, encoding, lineEnd, head, tail, maxBytes } = body.check;
      return {
        ...{ id, facility, by: null },
        task: (taskId, _, values) => ({
          ...{ kind: 'log-file', id: taskId, directory: render(directory, values), name: file },
          ...{ encoding, lineEnd, head, tail, maxLineBytes: maxBytes },
        }),
      };
    }
    case 'windows-event':
      return {
        ...{ id, facility, by: null },
        task: (taskId) => ({ kind: 'windows-event', id: taskId, logs: body.check.logs, query: JSON.stringify(body.check) }),
      };
    case 'custom-numeric':
    case 'custom-string': {
      const { command, user, runOn, timeoutMs } = body.check;
      const intervalMs = body.intervalS * 1_000;
      return {
        ...{ id, facility, by: runOn },
        task: (taskId, node, values) => ({
          ...{ kind: 'custom', id: taskId, user: user === '' ? null : user, timeoutMs: Math.min(timeoutMs, intervalMs) },
          command: command.map((word) => inQuotes(render(word, values))).join(' '),
          ...scheduleOf(id, node, intervalMs),
        }),
      };
    }
  }
}

function watchOf(id: string, { facility, file }: JobTriggerOf<'file-check'>): Wanted {
  const { directory, name, change, notInUse } = file;
  return {
    ...{ id, facility, by: null },
    task: (taskId, _, values) => ({
      ...{ kind: 'file-watch', id: taskId, directory: render(directory, values), name, change, notInUse },
    }),
  };
}

/** One word of a POSIX shell's line, whatever is in it. */
const inQuotes = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
