import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { explain } from '@yosugara/kernel';
import type { Mark } from '@yosugara/operations/agent';
import { compileOne, isProblem } from '@yosugara/operations/patterns';
import type { AgentNews, AgentTask } from '@yosugara/protocol/agents';
import type { RunningTask, TaskHost } from './host.js';
import { openForWriting } from './in-use.js';
import { turns } from './turns.js';

type WatchTask = Extract<AgentTask, { kind: 'file-watch' }>;

const SCAN_MS = 3_000;
const MOST_NAMES = 20_000;
const BATCH = 500;

type Known = readonly [sizeBytes: number, modifiedMs: number];
/** Of a file that was another one before. */
const ANOTHER: Known = [-1, -1];
interface Change {
  readonly name: string;
  readonly is: Known | null;
  readonly was: Known | null;
}

/** Changes of a folder's files. What was there when it began is known and no news; what changed while no agent ran is told afterwards. */
export function fileWatchTask(task: WatchTask, host: TaskHost, scanMs = SCAN_MS): RunningTask {
  const pattern = compileOne(host.patterns, { pattern: task.name, mode: 'whole', caseSensitive: true });
  if (isProblem(pattern)) throw new Error(`${JSON.stringify(task.name)} is no pattern for names: ${pattern.says}`);
  const prefix = `watch/${task.id}/`;
  const known = new Map<string, Known>();
  for (const { key, value } of host.marks(prefix))
    if (Array.isArray(value)) known.set(key.slice(prefix.length), value as unknown as Known);
  let isNew = host.mark(prefix) === undefined;
  /** Of the first scan: what came between the beginning of the task and now. The next scan sees it as it does everything else. */
  const fresh = new Map<string, Known | null>();

  const scan = async (): Promise<void> => {
    if (!host.hasRoom()) return;
    const found = await list();
    if (found === null) return;
    let changes = differences(known, found);
    if (isNew)
      changes = changes.flatMap((each) => {
        const before = fresh.get(each.name);
        return before === undefined ? [each] : before === null ? [] : [{ ...each, is: before }];
      });
    // Somebody who writes it goes on: it is new, or another one, when he is done.
    if (task.notInUse && !isNew) {
      const written = await openForWriting(changes.filter(({ is }) => is !== null).map(({ name }) => join(task.directory, name)));
      // Who was done between the two looks changed it since the first one: the next scan sees it whole.
      const settled = await Promise.all(
        changes.map(async (each) => !written.has(join(task.directory, each.name)) && (await isSettled(each))),
      );
      changes = changes.filter((_, at) => settled[at] === true);
    }
    for (let from = 0; from < changes.length || isNew; from += BATCH) {
      const some = changes.slice(from, from + BATCH);
      const marks: Mark[] = some.map(({ name, is }) => ({ key: prefix + name, value: is }));
      if (isNew && from + BATCH >= changes.length) marks.push({ key: prefix, value: true });
      await host.tell(isNew ? [] : some.flatMap((each) => newsOf(task, each, host.wallMs())), marks);
      for (const { name, is } of some)
        if (is === null) known.delete(name);
        else known.set(name, is);
      if (from + BATCH >= changes.length) isNew = false;
    }
    if (fresh.size === 0) return;
    fresh.clear();
    await scan();
  };
  const list = async (): Promise<ReadonlyMap<string, Known> | null> => {
    const found = new Map<string, Known>();
    try {
      for (const name of await readdir(task.directory)) {
        if (!pattern.test(name)) continue;
        const is = await stat(join(task.directory, name)).catch(() => null);
        if (is?.isFile() !== true) continue;
        if (found.size >= MOST_NAMES) {
          host.trouble(
            'WATCH_FILES',
            `more than ${MOST_NAMES} files of ${task.directory} have such a name: the others are not watched`,
          );
          break;
        }
        found.set(name, [is.size, Math.round(is.mtimeMs)]);
        if (isNew && task.sinceMs !== undefined) noteFresh(name, is, task.sinceMs);
      }
      return found;
    } catch (error) {
      // A folder that is not there has no files; one that cannot be read is not known.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return found;
      host.trouble('WATCH_FOLDER', `the folder ${task.directory} cannot be read: ${(error as Error).message}`);
      return null;
    }
  };
  const noteFresh = (name: string, { birthtimeMs, mtimeMs, ctimeMs }: Stats, sinceMs: number) => {
    // Also what was moved here: its content is older than its place.
    if (birthtimeMs >= sinceMs || (ctimeMs >= sinceMs && mtimeMs < sinceMs)) fresh.set(name, null);
    else if (mtimeMs >= sinceMs) fresh.set(name, ANOTHER);
  };
  const isSettled = async ({ name, is }: Change): Promise<boolean> => {
    const now = await stat(join(task.directory, name)).catch(() => null);
    return is === null ? now === null : now !== null && now.size === is[0] && Math.round(now.mtimeMs) === is[1];
  };
  return turns(scanMs, scan, (error) => host.log.warn('file-watch.scan', { task: task.id, why: explain(error) }));
}

function differences(known: ReadonlyMap<string, Known>, found: ReadonlyMap<string, Known>): Change[] {
  const changes: Change[] = [];
  for (const [name, is] of found) {
    const was = known.get(name) ?? null;
    if (was === null || was[0] !== is[0] || was[1] !== is[1]) changes.push({ name, is, was });
  }
  for (const [name, was] of known) if (!found.has(name)) changes.push({ name, is: null, was });
  return changes;
}

function newsOf(task: WatchTask, { name, is, was }: Change, atMs: number): AgentNews[] {
  const { change, id, directory } = task;
  const isIt =
    change === 'created'
      ? was === null
      : change === 'deleted'
        ? is === null
        : was !== null && is !== null && (change === 'modified-size' ? was[0] !== is[0] : was[1] !== is[1]);
  if (!isIt) return [];
  const [sizeBytes, modifiedAtMs] = (is ?? was)!;
  return [{ kind: 'file', task: id, atMs, directory, name: name.slice(0, 1_024), change, sizeBytes, modifiedAtMs }];
}
