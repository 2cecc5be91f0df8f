import { type ChildProcess, spawn } from 'node:child_process';
import type { Log } from '@yosugara/kernel';
import { childProgram } from '../os/child-program.js';
import { onJsonLines, sendLine } from '../os/lines.js';
import { processFact } from '../os/processes.js';
import type { BadLook, FromVolume, GoodLook, Space, VolumeSetup } from './protocol.js';
import { roomSentence, sentenceOf, stallSentence } from './sentences.js';

export interface VolumeTimes {
  /** No answer for this long: the volume does not answer. */
  readonly stallMs: number;
  /** A child that hangs is left alone; the next one starts this long after it. */
  readonly againMs: number;
}

/** A child may need a while to start on a busy machine; that says nothing about the volume. */
const CHILD_START_MS = 10_000;
const END_MS = 400;
const MOST_STUCK = 3;
const GOOD_LOOKS = 5;
/** A child that waits for a processor, not for the disk, is given this many times the deadline. */
const STARVED_FACTOR = 3;

/** Judges one volume by what its child process answers, and by when. Nothing here touches the volume. */
export class VolumeWatch {
  readonly #setup: VolumeSetup;
  readonly #times: VolumeTimes;
  readonly #log: Log;
  readonly #onLook: () => void;
  #child: VolumeChild | null = null;
  readonly #stuck = new Set<VolumeChild>();
  #startedMs = Number.NEGATIVE_INFINITY;
  #bad: string | null = null;
  #goodInARow = 0;
  #newest: GoodLook | null = null;
  #space: Space | null = null;
  /** The file system that PGDATA was last seen on. */
  #dataOn: number | null = null;
  #closed = false;

  constructor(setup: VolumeSetup, times: VolumeTimes, log: Log, onLook: () => void) {
    this.#setup = setup;
    this.#times = times;
    this.#log = log;
    this.#onLook = onLook;
  }

  get name(): string {
    return this.#setup.name;
  }
  unfit(): string | null {
    return this.#bad;
  }
  space(): Space | null {
    return this.#space;
  }
  /** Where pg_wal leads to when it lies on another file system. */
  wal(): string | null {
    return this.#newest?.wal ?? null;
  }
  /** Children that hang and are waited for by nobody. */
  stuck(): number {
    return this.#stuck.size;
  }

  /** Asks once more, unless a question is open. */
  look(): void {
    if (this.#closed) return;
    if (this.#child === null && !this.#start()) return;
    const child = this.#child!;
    if (!child.idle) return;
    child.ask(this.#times.stallMs, {
      answer: (look) => this.#judge(look),
      late: (starved) => this.#late(child, starved),
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const children = [this.#child, ...this.#stuck].filter((child) => child !== null);
    // A look under way ends and takes its probe file with it; what hangs is killed.
    for (const child of children) child.end();
    const killing = setTimeout(() => children.forEach((child) => void child.kill()), END_MS);
    // One in uninterruptible sleep ends when its disk answers; nobody waits for that.
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, 1_000)));
    await Promise.race([enough, Promise.all(children.map((child) => child.exited))]);
    clearTimeout(timer);
    clearTimeout(killing);
  }

  #start(): boolean {
    const nowMs = performance.now();
    if (this.#stuck.size >= MOST_STUCK) return false;
    if (this.#startedMs + (this.#stuck.size > 0 ? this.#times.againMs : 0) > nowMs) return false;
    this.#startedMs = nowMs;
    const child = new VolumeChild(this.#setup);
    this.#child = child;
    void child.exited.then(() => {
      this.#stuck.delete(child);
      if (this.#child === child) this.#child = null;
    });
    return true;
  }

  #late(child: VolumeChild, starved: boolean): void {
    if (this.#closed) return;
    if (starved) this.#log.warn('volume.starved', { volume: this.name, stallMs: this.#times.stallMs });
    this.#child = null;
    this.#stuck.add(child);
    child.kill();
    this.#fail(stallSentence(this.#setup, this.#times.stallMs));
  }

  #judge(look: GoodLook | BadLook): void {
    if (this.#closed) return;
    this.#space = look.space ?? this.#space;
    if ('code' in look) {
      // Before PostgreSQL's hands have made the folder there is nothing to judge.
      if (look.code === 'ENOENT' && this.#newest === null) return;
      this.#fail(sentenceOf(this.#setup, look));
      return;
    }
    if (look.released) this.#log.warn('volume.ballastReleased', { volume: this.name, freeBytes: look.space.freeBytes });
    this.#newest = look;
    const gone = this.#misplaced(look);
    if (gone !== null) this.#fail(gone);
    else if (look.space.freeBytes < this.#setup.roomBytes && look.ballastBytes === 0)
      this.#fail(roomSentence(this.#setup, look.space));
    else this.#pass();
    this.#onLook();
  }

  /** PGDATA vanished together with its file system: what is in its place is the empty folder below the mount. */
  #misplaced(look: GoodLook): string | null {
    if (this.#setup.pgdata === null) return null;
    if (look.hasData || this.#dataOn === null) {
      this.#dataOn = look.hasData ? look.device : null;
      return null;
    }
    return look.device === this.#dataOn
      ? null
      : `the ${this.name} volume (${this.#setup.folder}) is detached: another file system is in its place`;
  }

  #fail(why: string): void {
    this.#goodInARow = 0;
    const news = this.#bad !== why;
    if (news) this.#log.error('volume.unfit', { volume: this.name, why });
    this.#bad = why;
    if (news) this.#onLook();
  }

  #pass(): void {
    if (this.#bad === null) return;
    this.#goodInARow += 1;
    if (this.#goodInARow < GOOD_LOOKS) return;
    this.#log.info('volume.fit', { volume: this.name, was: this.#bad });
    this.#bad = null;
  }
}

interface Ears {
  answer(look: GoodLook | BadLook): void;
  late(starved: boolean): void;
}

class VolumeChild {
  readonly exited: Promise<void>;
  readonly #process: ChildProcess;
  #ready = false;
  #ears: Ears | null = null;
  #timer: NodeJS.Timeout | null = null;
  #nextId = 1;

  constructor(setup: VolumeSetup) {
    const child = spawn(process.execPath, ['--max-old-space-size=32', childProgram('watch/volume-main.js')], {
      cwd: '/',
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { PATH: '/usr/bin:/bin' },
    });
    this.#process = child;
    child.stdin.on('error', () => {});
    this.exited = new Promise((resolve) => {
      const ended = () => {
        this.#settle();
        resolve();
      };
      child.once('exit', ended);
      child.once('error', ended);
    });
    this.#timer = setTimeout(() => this.kill(), CHILD_START_MS);
    onJsonLines<FromVolume>(child.stdout, (message) => this.#hear(message));
    sendLine(child.stdin, { setup });
  }

  get idle(): boolean {
    return this.#ready && this.#ears === null;
  }

  ask(deadlineMs: number, ears: Ears): void {
    this.#ears = ears;
    this.#wait(deadlineMs, 1);
    sendLine(this.#process.stdin, { id: this.#nextId++ });
  }

  /** After the look that is under way. */
  end(): void {
    this.#settle();
    this.#process.stdin?.end();
  }

  kill(): void {
    this.#settle();
    this.#process.kill('SIGKILL');
  }

  #hear(message: FromVolume): void {
    if ('ready' in message) {
      this.#ready = true;
      this.#settle();
    } else if (message.id === this.#nextId - 1) {
      const ears = this.#ears;
      this.#settle();
      ears?.answer(message);
    }
  }

  #wait(deadlineMs: number, round: number): void {
    this.#timer = setTimeout(
      // We may have been the slow one: an answer that waits in the pipe is read before the verdict.
      () =>
        setImmediate(() => {
          if (this.#ears === null) return;
          const starved = processFact(this.#process.pid ?? 0)?.state === 'R';
          if (starved && round < STARVED_FACTOR) this.#wait(deadlineMs, round + 1);
          else this.#giveUp(starved);
        }),
      deadlineMs,
    );
  }

  #giveUp(starved: boolean): void {
    const ears = this.#ears;
    this.#settle();
    ears?.late(starved);
  }

  #settle(): void {
    this.#ears = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
