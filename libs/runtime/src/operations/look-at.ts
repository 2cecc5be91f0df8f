import type { Sample } from '@yosugara/operations';
import type { DueTick } from './agenda.js';
import { lookWithin } from './look-within.js';
import type { Memories } from './memories.js';
import type { MonitorMemory } from './ports.js';
import type { Probe } from './probe-port.js';
import type { MonitorTask } from './rules.js';

export interface Looked {
  readonly samples: readonly Sample[];
  /** What the probe leaves for the next look. */
  readonly kept: MonitorMemory | null;
}

/** One look of a task, with what the probe left behind last time. Never rejects. */
export async function lookAt(
  probe: Probe,
  due: DueTick,
  memories: Pick<Memories, 'ofMonitor'>,
  atMs: number,
  ended: AbortSignal,
): Promise<Looked> {
  const { task, dueAtMs } = due;
  const { monitor, type, check, facility, node, deadlineMs } = task;
  const at = probeMemoryKey(task);
  let kept: MonitorMemory | null = null;
  const memory = {
    stored: memories.ofMonitor(at.monitor, at.facility, at.item),
    keep: (state: unknown) => void (kept = { ...at, state }),
  };
  const request = { memory, monitor, type, check, facility, node, dueAtMs };
  const answers = await lookWithin(deadlineMs, ended, (signal) => probe.run(request, deadlineMs, signal));
  // What is asked for in the very moment of a tick is another look all the same.
  const origin = due.isAsked === true ? `asked-${dueAtMs}` : String(dueAtMs);
  const samples = answers.map(({ item, value }): Sample => ({ origin, monitor, facility, sender: null, item, atMs, value }));
  return { samples, kept };
}

/** No facility has such an id, and so no item of the monitor is there. */
const probeMemoryKey = ({ monitor, facility }: MonitorTask) => ({ monitor, facility: `${facility}/probe`, item: '' });
