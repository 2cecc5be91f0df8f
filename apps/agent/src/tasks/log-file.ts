import { explain } from '@yosugara/kernel';
import type { Pattern } from '@yosugara/operations';
import type { Mark } from '@yosugara/operations/agent';
import { compileOne, isProblem } from '@yosugara/operations/patterns';
import type { AgentTask } from '@yosugara/protocol/agents';
import { type FileMark, Follower, type FollowOptions, isCopyOf, isFileMark } from './follower.js';
import { type Found, filesOf, isUnchanged } from './found-files.js';
import type { RunningTask, TaskHost } from './host.js';
import { MOST_LINES, newsOfLines } from './line-news.js';
import type { Entry } from './lines.js';

type LogTask = Extract<AgentTask, { kind: 'log-file' }>;

/** How often files are looked at for more, and their folder for others. */
export interface Pace {
  readonly lookMs: number;
  readonly scanMs: number;
}
const PACE: Pace = { lookMs: 1_000, scanMs: 5_000 };
/** A file with another name, or none: who had it open may go on writing for so long. */
const LEAVE_MS = 60_000;
/** A copy that is still being made is looked at when it has not changed for so long. */
const SETTLED_MS = 2_000;

/** Files that all tasks of this agent may follow together. */
export class FileBudget {
  readonly most: number;
  used = 0;
  constructor(most = 500) {
    this.most = most;
  }
}

/** @throws with a sentence: it cannot be followed as it is defined. */
export function logFileTask(task: LogTask, host: TaskHost, budget: FileBudget, pace = PACE): RunningTask {
  const running = new LogFileTask(task, host, budget, pace);
  running.begin();
  return running;
}

class LogFileTask implements RunningTask {
  readonly #task: LogTask;
  readonly #host: TaskHost;
  readonly #budget: FileBudget;
  readonly #pace: Pace;
  readonly #options: FollowOptions;
  readonly #name: Pattern;
  readonly #followers = new Map<string, Follower>();
  /** Copies of files that are followed: all of it was told, or will be. */
  readonly #copies = new Set<string>();
  #scannedMs = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #turn: Promise<void> = Promise.resolve();
  #isStopped = false;
  #isNew: boolean;

  constructor(task: LogTask, host: TaskHost, budget: FileBudget, pace: Pace) {
    this.#task = task;
    this.#host = host;
    this.#budget = budget;
    this.#pace = pace;
    const compiled = (pattern: string, mode: 'whole' | 'regex') => {
      const made = compileOne(host.patterns, { pattern, mode, caseSensitive: true });
      if (isProblem(made)) throw new Error(`${JSON.stringify(pattern)} is no pattern: ${made.says}`);
      return made;
    };
    this.#name = compiled(task.name, 'whole');
    // Throws when there is no such encoding.
    new TextDecoder(task.encoding);
    this.#options = {
      ...{ encoding: task.encoding, lineEnd: task.lineEnd ?? 'lf', maxLineBytes: task.maxLineBytes },
      head: task.head === null ? null : compiled(`^(?:${task.head})`, 'regex'),
      tail: task.tail === null ? null : compiled(`(?:${task.tail})$`, 'regex'),
    };
    this.#isNew = host.mark(this.#key('')) === undefined;
  }

  begin(): void {
    this.#timer = setTimeout(
      () => {
        this.#turn = this.#look()
          .catch((error: unknown) => this.#host.log.warn('log-file.look', { task: this.#task.id, why: explain(error) }))
          .finally(() => {
            if (!this.#isStopped) this.begin();
          });
      },
      this.#scannedMs < 0 ? 0 : this.#pace.lookMs,
    );
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#turn;
    for (const follower of this.#followers.values()) await this.#close(follower);
  }

  #key(identity: string): string {
    return `log/${this.#task.id}/${identity}`;
  }

  async #look(): Promise<void> {
    // What cannot be kept is not read: the file keeps it.
    if (!this.#host.hasRoom()) return;
    if (performance.now() - this.#scannedMs >= this.#pace.scanMs) await this.#scan();
    for (const follower of [...this.#followers.values()]) {
      if (this.#isStopped) return;
      await this.#follow(follower);
    }
  }

  /* ---------- Which files ---------- */

  async #scan(): Promise<void> {
    const found = await this.#list();
    this.#scannedMs = performance.now();
    if (found === null) return;
    const marks = new Map(this.#host.marks(this.#key('')).map(({ key, value }) => [key.slice(this.#key('').length), value]));
    for (const each of found) {
      if (this.#isStopped) return;
      if (this.#followers.has(each.identity) || this.#copies.has(each.identity)) continue;
      const mark = marks.get(each.identity);
      if (isFileMark(mark) && mark.isCopy === true) {
        this.#copies.add(each.identity);
        continue;
      }
      // What was cut meanwhile is found out when it is followed; a number that another file got since begins anew.
      if (isFileMark(mark)) await this.#begin(each, mark.path === each.path || (await isUnchanged(each, mark)) ? mark : 'start');
      else if (each.isWanted) await this.#begin(each, this.#isNew ? 'end' : 'start');
    }
    const there = new Map(found.map((each) => [each.identity, each]));
    for (const follower of this.#followers.values()) {
      const is = there.get(follower.identity);
      if (is?.isWanted === true) follower.leavesMs = null;
      else follower.leavesMs ??= performance.now();
    }
    for (const identity of this.#copies) if (!there.has(identity)) this.#copies.delete(identity);
    await this.#forget(marks, there);
    if (!this.#isNew) return;
    this.#isNew = false;
    await this.#host.tell([], [{ key: this.#key(''), value: true }]);
  }

  /** null = the folder cannot be read. */
  async #list(): Promise<readonly Found[] | null> {
    const { directory } = this.#task;
    const hasOurs = this.#followers.size > 0 || this.#host.marks(this.#key('')).length > 0;
    try {
      return await filesOf(directory, (name) => this.#name.test(name), hasOurs);
    } catch (error) {
      this.#host.trouble('LOG_FOLDER', `the folder ${directory} cannot be read: ${(error as Error).message}`);
      return null;
    }
  }

  async #begin(found: Found, at: 'start' | 'end' | FileMark): Promise<void> {
    if (at === 'start' && !(await this.#isOwn(found))) return;
    if (this.#budget.used >= this.#budget.most)
      return this.#host.trouble(
        'LOG_FILES',
        `this agent follows ${this.#budget.most} files: ${found.path} and others are not read`,
      );
    let follower: Follower | null;
    try {
      follower = await Follower.open(found.path, found.identity, at, this.#options);
    } catch (error) {
      return this.#host.trouble('LOG_FILE', `the file ${found.path} cannot be read: ${(error as Error).message}`);
    }
    if (follower === null) return;
    this.#budget.used++;
    this.#followers.set(found.identity, follower);
    if (typeof at === 'string') await this.#host.tell([], [{ key: this.#key(found.identity), value: follower.mark }]);
  }

  /** Not the copy of one that is followed: its lines were told already. Of one that is being made nobody can say it yet. */
  async #isOwn(found: Found): Promise<boolean> {
    for (const { mark } of this.#followers.values()) {
      if (mark.path === found.path || mark.first.bytes < 32) continue;
      if (found.size >= mark.offset && (await isCopyOf(found.path, mark))) {
        this.#copies.add(found.identity);
        return false;
      }
      const begins = { ...mark, offset: mark.first.bytes, last: mark.first };
      const isSettled = this.#host.wallMs() - found.changedMs > SETTLED_MS;
      if (!isSettled && (await isCopyOf(found.path, begins))) return false;
    }
    return true;
  }

  /** Of files that went while no agent was there. */
  async #forget(marks: ReadonlyMap<string, unknown>, there: ReadonlyMap<string, Found>): Promise<void> {
    const gone = [...marks].filter(
      ([identity, mark]) => isFileMark(mark) && !there.has(identity) && !this.#followers.has(identity),
    );
    if (gone.length === 0) return;
    for (const [, mark] of gone)
      if (isFileMark(mark) && mark.isCopy !== true)
        this.#host.trouble(
          'LOG_FILE_GONE',
          `the file ${mark.path} went while this agent did not run: its last lines may be missing`,
        );
    await this.#host.tell(
      [],
      gone.map(([identity]) => ({ key: this.#key(identity), value: null })),
    );
  }

  /* ---------- What is in them ---------- */

  async #follow(follower: Follower): Promise<void> {
    if (follower.leavesMs === null && (await follower.isQuiet())) return;
    const isLeaving = follower.leavesMs !== null;
    const isLast = isLeaving && performance.now() - follower.leavesMs! > LEAVE_MS && follower.quietMs > LEAVE_MS;
    await this.#tellAll(follower, isLast);
    if (!isLast) return;
    this.#followers.delete(follower.identity);
    await this.#close(follower);
    await this.#host.tell([], [{ key: this.#key(follower.identity), value: null }]);
  }

  async #tellAll(follower: Follower, isLast: boolean): Promise<void> {
    for (;;) {
      if (this.#isStopped || !this.#host.hasRoom()) return;
      const { entries, hasMore } = await follower.read(MOST_LINES, isLast);
      const mark = await this.#markBehind(follower, entries);
      // Looked at afterwards: what was read, and what it is remembered by, is of the file before it was emptied, or nothing of it counts.
      if (!(await follower.isSame())) {
        await this.#cut(follower);
        // Its next file is there already, perhaps.
        this.#scannedMs = Number.NEGATIVE_INFINITY;
        return;
      }
      if (mark !== null) {
        await this.#tell(follower.path, entries, [{ key: this.#key(follower.identity), value: mark }]);
        follower.settle(mark);
      }
      if (!hasMore) return;
    }
  }

  /** null = there are no entries. */
  async #markBehind(follower: Follower, entries: readonly Entry[]): Promise<FileMark | null> {
    const last = entries.at(-1);
    return last === undefined ? null : await follower.markAt(last.end);
  }

  /** All of them, and where they end, in one write. */
  async #tell(path: string, entries: readonly Entry[], marks: readonly Mark[]): Promise<void> {
    await this.#host.tell(newsOfLines(this.#task.id, path, entries, this.#host.wallMs()), marks);
  }

  /** It was emptied under our eyes, or while nobody looked. What was not read of it is in its copy, where one was made (logrotate's `copytruncate`). */
  async #cut(follower: Follower): Promise<void> {
    const { mark } = follower;
    const marks: Mark[] = [];
    for (const each of (await this.#list()) ?? []) {
      if (each.identity === follower.identity || each.size < mark.offset || !(await isCopyOf(each.path, mark))) continue;
      const whole = await this.#tellCopy(follower, each);
      if (whole === 'later') return;
      if (whole === null) continue;
      this.#copies.add(each.identity);
      // Whoever finds it after a restart must not take it for a file of its own.
      if (each.isWanted) marks.push({ key: this.#key(each.identity), value: { ...whole, isCopy: true } });
      break;
    }
    marks.push({ key: this.#key(follower.identity), value: await follower.restart() });
    await this.#host.tell([], marks);
  }

  /**
   * Up to where it is told in the copy is remembered of the file itself: the copy is what that was. So each of its lines is told once, also
   * when this agent ends in between. @returns where it ends; null = it went. 'later': not all of it is told yet.
   */
  async #tellCopy(follower: Follower, found: Found): Promise<FileMark | null | 'later'> {
    const copy = await Follower.open(found.path, found.identity, { ...follower.mark }, this.#options);
    if (copy === null) return null;
    try {
      for (;;) {
        if (this.#isStopped || !this.#host.hasRoom()) return 'later';
        const { entries, hasMore } = await copy.read(MOST_LINES, true);
        const mark = await this.#markBehind(copy, entries);
        if (mark !== null) {
          await this.#tell(follower.path, entries, [{ key: this.#key(follower.identity), value: mark }]);
          copy.settle(mark);
          follower.settle(mark);
        }
        if (!hasMore) return { ...copy.mark, path: found.path };
      }
    } finally {
      await copy.close();
    }
  }

  async #close(follower: Follower): Promise<void> {
    this.#budget.used--;
    await follower.close();
  }
}
