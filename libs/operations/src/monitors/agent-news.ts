import type { AgentNews, MonitorBody } from '@yosugara/protocol';
import type { LineWorld } from './lines.js';
import type { Sample, SampleValue } from './result.js';

/** What an agent does by itself is done for a setting and a node: `monitor/ID/NODE`. Ids have no slashes. */
export interface TaskOf {
  readonly kind: 'monitor' | 'trigger';
  readonly id: string;
  readonly facility: string;
}

export const agentTaskId = ({ kind, id, facility }: TaskOf): string => `${kind}/${id}/${facility}`;

/** null = it is for something else, such as a job. */
export function partsOfTask(task: string): TaskOf | null {
  const [, kind, id, facility] = /^(monitor|trigger)\/([^/]+)\/([^/]+)$/.exec(task) ?? [];
  return id === undefined || facility === undefined ? null : { kind: kind as TaskOf['kind'], id, facility };
}

/** News number `number` of an agent's disk. */
export interface NewsOfAgent {
  readonly agent: string;
  readonly spool: string;
  readonly number: number;
  readonly news: AgentNews;
}

export interface NewsWorld extends LineWorld {
  /** null = there is none. */
  monitor(id: string): { readonly enabled: boolean; readonly body: MonitorBody } | null;
}

const NOTHING: readonly Sample[] = [];

/**
 * What monitors see in what an agent tells; nothing when it tells of something else, or of a monitor that is no more or not about that node. Said
 * again, a sample has the same origin: that of a tick is its time, that of a line its place in what the agent's disk had to tell.
 */
export function samplesOfNews({ agent, spool, number, news }: NewsOfAgent, world: NewsWorld): readonly Sample[] {
  if (news.kind !== 'lines' && news.kind !== 'custom') return NOTHING;
  const task = partsOfTask(news.task);
  const monitor = task?.kind === 'monitor' ? world.monitor(task.id) : null;
  if (task === null || monitor === null || !isOf(agent, task.facility, monitor.body)) return NOTHING;
  const { enabled, body } = monitor;
  if (!enabled || !(body.monitor || body.collect) || !world.isWithin(task.facility, body.facility)) return NOTHING;
  const common = { monitor: task.id, facility: task.facility, sender: null };
  if (news.kind === 'lines') {
    if (body.type !== 'log-file' && body.type !== 'windows-event') return NOTHING;
    return news.lines.flatMap(({ atMs, text }, at): readonly Sample[] =>
      world.isOpen(body.calendar, atMs)
        ? [{ ...common, origin: `${spool}:${number}.${at}`, item: '', atMs, value: { kind: 'text', text } }]
        : [],
    );
  }
  if (body.type !== 'custom-numeric' && body.type !== 'custom-string') return NOTHING;
  if (!world.isOpen(body.calendar, news.dueAtMs)) return NOTHING;
  const of = (item: string, value: SampleValue): Sample => ({
    ...{ ...common, origin: String(news.dueAtMs), item, atMs: news.atMs, value },
  });
  if (news.why !== null) return [of('', { kind: 'failure', why: news.why })];
  // One that is named twice would be two samples of one origin: the last one counts.
  const values = new Map(news.values.map(({ key, value }) => [key, value]));
  return [...values].map(([key, text]) => of(key, { kind: 'text', text }));
}

/** An agent tells of its own node, and of others only what it was asked for. */
const isOf = (agent: string, facility: string, body: MonitorBody): boolean =>
  'check' in body && (body.type === 'custom-numeric' || body.type === 'custom-string') && body.check.runOn !== null
    ? body.check.runOn === agent
    : facility === agent;
