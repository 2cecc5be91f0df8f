import { holderName, PlaceLine } from './place-line.js';
import type { PlaceKey, Want } from './step-types.js';

/** Of a queue or a node, as its setting says now. Concurrency 0 of a queue: nothing runs; of a node it is never asked (0 = no limit). */
export interface PlaceLimits {
  readonly concurrency: number;
  /** That may wait. */
  readonly capacity: number;
}

/** What becomes of those who want a place. */
export interface PlaceAnswer {
  readonly kind: 'granted' | 'refused';
  readonly key: PlaceKey;
}

export interface PlaceView {
  readonly of: PlaceKey['of'];
  readonly id: string;
  readonly holders: readonly Want[];
  /** In their order. */
  readonly waiting: readonly Want[];
}

/** Why nothing moves in a queue. */
export interface StuckQueue {
  readonly id: string;
  readonly sinceMs: number;
  readonly waiting: number;
  /** Jobnets that hold its places and wait for what waits in it, `SESSION/JOB`. */
  readonly holders: readonly string[];
}

interface Room {
  readonly of: PlaceKey['of'];
  readonly id: string;
  readonly holders: Map<string, Want>;
  readonly waiting: PlaceLine;
}

const roomName = ({ of, id }: Pick<PlaceKey, 'of' | 'id'>) => `${of}\0${id}`;

/**
 * Places in queues and on nodes, over all sessions. In memory only: after a take-over each session says what it has and what it wants (`has`),
 * and the order is that of `sinceMs`, so that nobody loses its turn.
 */
export class Places {
  readonly #rooms = new Map<string, Room>();
  readonly #limitsOf: (of: PlaceKey['of'], id: string) => PlaceLimits;

  constructor(limitsOf: (of: PlaceKey['of'], id: string) => PlaceLimits) {
    this.#limitsOf = limitsOf;
  }

  /** Said twice it is once. */
  want(want: Want): readonly PlaceAnswer[] {
    const room = this.#room(want.key);
    const name = holderName(want.key);
    if (room.holders.has(name)) return [];
    if (want.has) {
      room.waiting.remove(name);
      room.holders.set(name, want);
      return [];
    }
    if (room.waiting.has(name)) return [];
    const { concurrency, capacity } = this.#limitsOf(want.key.of, want.key.id);
    const isFree = room.holders.size < concurrency && room.waiting.length === 0;
    if (!isFree && (!want.waits || room.waiting.length >= capacity)) {
      this.#sweep(room);
      return [{ kind: 'refused', key: want.key }];
    }
    room.waiting.add(want);
    return this.#grant(room);
  }

  leave(key: PlaceKey): readonly PlaceAnswer[] {
    const room = this.#rooms.get(roomName(key));
    if (room === undefined) return [];
    const name = holderName(key);
    room.holders.delete(name);
    room.waiting.remove(name);
    const granted = this.#grant(room);
    this.#sweep(room);
    return granted;
  }

  /** Limits changed: who may run by now. */
  refresh(): readonly PlaceAnswer[] {
    return [...this.#rooms.values()].flatMap((room) => this.#grant(room));
  }

  view(): readonly PlaceView[] {
    return [...this.#rooms.values()].map(({ of, id, holders, waiting }) => ({
      of,
      id,
      holders: [...holders.values()],
      waiting: [...waiting.all()],
    }));
  }

  /** Queues in which somebody has waited for longer than that while every place belongs to a jobnet that waits for somebody in a queue. */
  stuck(nowMs: number, afterMs: number): readonly StuckQueue[] {
    const rooms = [...this.#rooms.values()].filter(({ of }) => of === 'queue');
    const waitedFor = new Set<string>();
    for (const { waiting } of rooms)
      for (const { key, within } of waiting.all()) for (const around of within) waitedFor.add(`${key.session}\0${around}`);
    return rooms.flatMap((room) => {
      const { first } = room.waiting;
      const names = [...room.holders.keys()];
      if (first === null || nowMs - first.sinceMs < afterMs) return [];
      if (names.length === 0 || !names.every((name) => waitedFor.has(name))) return [];
      const holders = [...room.holders.values()].map(({ key }) => `${key.session}/${key.job}`);
      return [{ id: room.id, sinceMs: first.sinceMs, waiting: room.waiting.length, holders }];
    });
  }

  #room(key: PlaceKey): Room {
    const name = roomName(key);
    const known = this.#rooms.get(name);
    if (known !== undefined) return known;
    const room: Room = { of: key.of, id: key.id, holders: new Map(), waiting: new PlaceLine() };
    this.#rooms.set(name, room);
    return room;
  }

  #grant(room: Room): readonly PlaceAnswer[] {
    const { concurrency } = this.#limitsOf(room.of, room.id);
    const answers: PlaceAnswer[] = [];
    while (room.holders.size < concurrency && room.waiting.length > 0) {
      const next = room.waiting.shift()!;
      room.holders.set(holderName(next.key), { ...next, has: true });
      answers.push({ kind: 'granted', key: next.key });
    }
    return answers;
  }

  #sweep(room: Room): void {
    if (room.holders.size === 0 && room.waiting.length === 0) this.#rooms.delete(roomName(room));
  }
}
