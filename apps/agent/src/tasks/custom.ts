import { explain } from '@yosugara/kernel';
import type { AgentTask } from '@yosugara/protocol/agents';
import { runShell, type ShellEnd } from '../runs/bounded.js';
import { textOf } from '../runs/output.js';
import type { RunningTask, TaskHost } from './host.js';

type CustomCheck = Extract<AgentTask, { kind: 'custom' }>;

const MOST_VALUES = 10_000;
const MOST_BYTES = 700_000;

/** So many commands of monitors at one time; the others wait. */
export class Places {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count = 8) {
    this.#free = count;
  }
  async take(): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}

/** The first tick after a moment: `anchor + n × interval`. */
export function tickAfter(afterMs: number, anchorMs: number, intervalMs: number): number {
  return anchorMs + (Math.floor((afterMs - anchorMs) / intervalMs) + 1) * intervalMs;
}

/** At its ticks, whatever they are called before and after a restart: one that passed is not made up for, and none is done twice. */
export function customTask(task: CustomCheck, host: TaskHost, places: Places): RunningTask {
  const key = `custom/${task.id}`;
  const { anchorMs, intervalMs } = task;
  const stop = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let underWay: Promise<void> | null = null;
  let isLate = false;

  const tick = async (dueMs: number): Promise<void> => {
    const last = host.mark(key);
    if (typeof last === 'number' && last >= dueMs) return;
    if (!host.hasRoom()) return host.trouble('SPOOL_FULL', `the disk takes no more news: ${task.id} is not asked`);
    await places.take();
    try {
      if (stop.signal.aborted) return;
      const end = await runShell(task.command, {
        user: task.user,
        environment: {},
        timeoutMs: task.timeoutMs,
        signal: stop.signal,
      });
      if (stop.signal.aborted) return;
      const why = whyOf(end);
      const values = why === null ? valuesOf(textOf(end.stdout, false)) : [];
      await host.tell(
        [{ kind: 'custom', task: task.id, dueAtMs: dueMs, atMs: host.wallMs(), values, why }],
        [{ key, value: dueMs }],
      );
    } finally {
      places.give();
    }
  };
  const wait = (): void => {
    if (stop.signal.aborted) return;
    const dueMs = tickAfter(host.wallMs(), anchorMs, intervalMs);
    timer = setTimeout(
      () => {
        // A timer may ring a little early; a clock may be set.
        if (host.wallMs() < dueMs) return wait();
        if (underWay !== null) isLate = true;
        else
          underWay = tick(dueMs)
            .catch((error: unknown) => host.log.warn('custom.tick', { task: task.id, why: explain(error) }))
            .finally(() => {
              underWay = null;
              if (isLate)
                host.log.warn('custom.late', { task: task.id, why: 'it took longer than its interval: a tick was left out' });
              isLate = false;
            });
        wait();
      },
      Math.min(Math.max(1, dueMs - host.wallMs()), 60_000),
    );
  };
  wait();
  return {
    async stop() {
      stop.abort();
      clearTimeout(timer);
      await underWay;
    },
  };
}

function whyOf({ kind, code, stderr, why }: ShellEnd): string | null {
  if (kind !== 'ended') return why.slice(0, 4_096);
  if (code === 0) return null;
  const said = textOf(stderr, false)
    .split('\n')
    .findLast((line) => line.trim() !== '');
  return `the command ${code === null ? 'was ended by a signal' : `exited ${code}`}${said === undefined ? '' : `: ${said}`}`.slice(
    0,
    4_096,
  );
}

/** Lines `KEY,VALUE`; what is none is passed over. */
export function valuesOf(text: string): { readonly key: string; readonly value: string }[] {
  const found: { key: string; value: string }[] = [];
  let bytes = 0;
  for (const line of text.split('\n')) {
    const at = line.indexOf(',');
    if (at <= 0) continue;
    const each = {
      key: line.slice(0, at).trim().slice(0, 512),
      value: line
        .slice(at + 1)
        .trim()
        .slice(0, 4_096),
    };
    bytes += each.key.length + each.value.length + 24;
    if (each.key === '' || found.length >= MOST_VALUES || bytes > MOST_BYTES) continue;
    found.push(each);
  }
  return found;
}
