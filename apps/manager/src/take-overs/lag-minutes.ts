import type { Status } from '@yosugara/protocol';
import type { LagMinute } from '@yosugara/store';

const MINUTE_MS = 60_000;
/** What nobody writes down, on a Standby say, is forgotten. */
const MOST = 120;

/** The most of each minute, of each node. */
export class LagMinutes {
  readonly #minutes = new Map<string, LagMinute>();

  add({ nodes, master }: Pick<Status, 'nodes' | 'master'>, atMs: number): void {
    const minute = Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
    for (const { name, lagBytes, receiver, syncSet, kind } of nodes) {
      const key = `${minute} ${name}`;
      const before = this.#minutes.get(key);
      this.#minutes.set(key, {
        ...{ atMs: minute, node: name },
        walBytes: name === master ? (before?.walBytes ?? null) : most(before?.walBytes ?? null, lagBytes),
        journal: kind === 'dr' ? null : most(before?.journal ?? null, receiver?.behindPeer ?? null),
        inSync: syncSet && before?.inSync !== false,
      });
    }
    for (const key of [...this.#minutes.keys()].slice(0, Math.max(0, this.#minutes.size - MOST))) this.#minutes.delete(key);
  }

  /** Minutes that are over; they are not told again. */
  over(nowMs: number): readonly LagMinute[] {
    const over = [...this.#minutes].filter(([, { atMs }]) => atMs + MINUTE_MS <= nowMs);
    for (const [key] of over) this.#minutes.delete(key);
    return over.map(([, minute]) => minute);
  }
}

const most = (one: number | null, two: number | null): number | null =>
  one === null ? two : two === null ? one : Math.max(one, two);
