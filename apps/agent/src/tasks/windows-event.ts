import { explain } from '@yosugara/kernel';
import type { AgentTask } from '@yosugara/protocol/agents';
import type { RunningTask, TaskHost } from './host.js';
import { turns } from './turns.js';

type EventTask = Extract<AgentTask, { kind: 'windows-event' }>;

export interface EventsRead {
  readonly events: readonly { readonly atMs: number; readonly text: string }[];
  /** Behind them: what is given to read on. */
  readonly bookmark: string;
}

/** An event log: of Windows. `bookmark` null = its end, without events. Rejects with a sentence. */
export interface EventLogPort {
  read(log: string, query: string, bookmark: string | null, most: number): Promise<EventsRead>;
}

const LOOK_MS = 2_000;
const MOST_EVENTS = 500;

/** Each log from where it was, bookmark and events in one write. @param port null = this system has no such log. */
export function windowsEventTask(task: EventTask, host: TaskHost, port: EventLogPort | null, lookMs = LOOK_MS): RunningTask {
  if (port === null) throw new Error('this system has no event log of Windows');

  const look = async (isStopped: () => boolean): Promise<void> => {
    for (const log of task.logs) {
      const key = `events/${task.id}/${log}`;
      for (let isMore = true; isMore && !isStopped() && host.hasRoom(); ) {
        const before = host.mark(key);
        const { events, bookmark } = await port.read(log, task.query, typeof before === 'string' ? before : null, MOST_EVENTS);
        isMore = events.length === MOST_EVENTS;
        if (bookmark === before) break;
        const lines = events.map(({ atMs, text }) => ({ atMs, text: text.replaceAll('\0', '\ufffd').slice(0, 65_536) }));
        await host.tell(lines.length === 0 ? [] : [{ kind: 'lines', task: task.id, file: log, lines }], [
          { key, value: bookmark },
        ]);
      }
    }
  };
  return turns(lookMs, look, (error) => host.trouble('EVENT_LOG', `the event log cannot be read: ${explain(error)}`));
}
