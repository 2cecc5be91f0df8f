import { stat, statfs } from 'node:fs/promises';
import type { Seen } from '@yosugara/operations';

export interface Folder {
  readonly name: string;
  readonly path: string;
}

interface Look {
  readonly sinceMs: number;
  isOver: boolean;
}

interface Facts {
  readonly device: number;
  readonly used: number;
  readonly inodes: number | null;
  readonly freeBytes: number;
  readonly room: Omit<Room, 'item'>;
}

/** Of one volume, as df(1) counts. */
export interface Room {
  /** The folders that lie on it. */
  readonly item: string;
  readonly usedBytes: number;
  readonly usableBytes: number;
  /** null: it has no such number. */
  readonly files: { readonly used: number; readonly most: number } | null;
}

/**
 * How full the volumes are that some folders lie on. A disk that hangs never answers: its folder is not asked again before it did, so it
 * holds one of Node's threads and no more.
 */
export class Volumes {
  readonly #folders: readonly Folder[];
  readonly #monotonicMs: () => number;
  readonly #looks = new Map<string, Look>();
  readonly #facts = new Map<string, Facts>();

  constructor(folders: readonly Folder[], monotonicMs: () => number) {
    this.#folders = folders;
    this.#monotonicMs = monotonicMs;
  }

  /** As known after so long. */
  async look(
    withinMs: number,
  ): Promise<{ readonly used: readonly Seen[]; readonly inodes: readonly Seen[]; readonly silent: readonly Seen[] }> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, withinMs)));
    await Promise.race([late, Promise.all(this.#folders.map(async (folder) => await this.#lookAt(folder)))]);
    clearTimeout(timer);
    const nowMs = this.#monotonicMs();
    const silent = this.#folders.map(({ name }): Seen => {
      const look = this.#looks.get(name);
      return { item: name, value: look === undefined || look.isOver ? 0 : (nowMs - look.sinceMs) / 1_000 };
    });
    return { ...this.#known(), silent };
  }

  /** As was seen last. Asks nobody. */
  get rooms(): readonly Room[] {
    return this.#together().map(({ item, facts }) => ({ item, ...facts.room }));
  }

  #known(): { readonly used: readonly Seen[]; readonly inodes: readonly Seen[] } {
    const volumes = this.#together();
    return {
      used: volumes.map(({ item, facts }) => ({
        item,
        value: facts.used,
        note: `${Math.round(facts.freeBytes / 1_048_576)} MiB are left`,
      })),
      inodes: volumes.flatMap(({ item, facts }) => (facts.inodes === null ? [] : [{ item, value: facts.inodes }])),
    };
  }

  /** Folders of one volume are told together. */
  #together(): readonly { readonly item: string; readonly facts: Facts }[] {
    const names = new Map<number, string[]>();
    for (const { name } of this.#folders) {
      const facts = this.#facts.get(name);
      if (facts !== undefined) names.set(facts.device, [...(names.get(facts.device) ?? []), name]);
    }
    return [...names.values()].map((of) => ({ item: of.join(', '), facts: this.#facts.get(of[0]!)! }));
  }

  async #lookAt({ name, path }: Folder): Promise<void> {
    if (this.#looks.get(name)?.isOver === false) return;
    const look: Look = { sinceMs: this.#monotonicMs(), isOver: false };
    this.#looks.set(name, look);
    try {
      const [{ dev }, { bsize, blocks, bfree, bavail, files, ffree }] = await Promise.all([stat(path), statfs(path)]);
      // As df(1): what only root may use counts as used up.
      const usable = blocks - bfree + bavail;
      this.#facts.set(name, {
        device: dev,
        used: usable === 0 ? 0 : (blocks - bfree) / usable,
        // Some file systems have no such number.
        inodes: files === 0 ? null : (files - ffree) / files,
        freeBytes: bavail * bsize,
        room: {
          usedBytes: (blocks - bfree) * bsize,
          usableBytes: usable * bsize,
          files: files === 0 ? null : { used: files - ffree, most: files },
        },
      });
    } catch {
      // Not there yet, such as a data directory before the first start; what it means that it is gone the controller says.
      this.#facts.delete(name);
    } finally {
      look.isOver = true;
    }
  }
}
