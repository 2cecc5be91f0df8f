import { readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { Seen } from '@yosugara/operations';

const RESOLUTION_MS = 20;
const MIB = 1_048_576;
/** Of the machines that we run on. */
const PAGE_BYTES = 4_096;

/** Of this process: its memory, and how long it was held up. */
export class ProcessFacts {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  start(): void {
    this.#delay.enable();
  }

  stop(): void {
    this.#delay.disable();
  }

  /** Since the last look. */
  look(): { readonly heldUp: Seen; readonly heap: Seen; readonly memory: Seen } {
    const heldUpMs = Math.max(0, this.#delay.max / 1e6 - RESOLUTION_MS);
    this.#delay.reset();
    const { used_heap_size: used, heap_size_limit: most } = getHeapStatistics();
    const rss = process.memoryUsage.rss();
    // 0 or beyond the host's: there is no control group that says less.
    const limit = Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, totalmem());
    return {
      heldUp: { item: '', value: heldUpMs / 1_000 },
      heap: { item: '', value: used / most, note: `${mib(used)} of ${mib(most)}` },
      memory: { item: '', value: rss / limit, note: `${mib(rss)} of ${mib(limit)}` },
    };
  }
}

/** Of the host since it began, by proc(5); null where there is no such file. */
export async function swappedOutBytes(): Promise<number | null> {
  const text = await readFile('/proc/vmstat', 'utf8').catch(() => '');
  const pages = /^pswpout (\d+)$/m.exec(text)?.[1];
  return pages === undefined ? null : Number(pages) * PAGE_BYTES;
}

const mib = (bytes: number): string => `${Math.round(bytes / MIB)} MiB`;
