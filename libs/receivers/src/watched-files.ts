import { statSync } from 'node:fs';

export interface WatchedOptions<Content> {
  readonly paths: readonly string[];
  /** All of them at once, since they may belong together. Whatever it throws at the start, the constructor throws. */
  readonly read: () => Content;
  readonly lookEveryMs: number;
  readonly onRead: (content: Content) => void;
  /** What was read before stays. Told once a change, not once a look. */
  readonly onKept: (error: unknown) => void;
  /** Monotonic. */
  readonly nowMs?: () => number;
}

/**
 * Files whose content is in use, read again when one of them has changed. They are looked at when they are asked for: a timer and
 * inotify would have to be closed, and inotify says nothing of a path that leads elsewhere by a new symbolic link.
 */
export class WatchedFiles<Content> {
  readonly #options: WatchedOptions<Content>;
  readonly #nowMs: () => number;
  #content: Content;
  #seen: string;
  #lookedAtMs: number;

  constructor(options: WatchedOptions<Content>) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#lookedAtMs = this.#nowMs();
    // Before the reading: what changes between the two is seen at the next look.
    this.#seen = this.#stamp();
    this.#content = options.read();
  }

  /** The same object for as long as nothing changed. */
  current(): Content {
    const { lookEveryMs, read, onRead, onKept } = this.#options;
    const now = this.#nowMs();
    if (now - this.#lookedAtMs < lookEveryMs) return this.#content;
    this.#lookedAtMs = now;
    const stamp = this.#stamp();
    if (stamp === this.#seen) return this.#content;
    this.#seen = stamp;
    try {
      this.#content = read();
    } catch (error) {
      onKept(error);
      return this.#content;
    }
    onRead(this.#content);
    return this.#content;
  }

  #stamp(): string {
    return this.#options.paths.map(stampOf).join(', ');
  }
}

/** A file that cannot even be looked at (EACCES, ELOOP, EIO) is one that changed: reading it says why. */
function stampOf(path: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(path);
    return `${ino} ${size} ${mtimeMs}`;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  }
}
