import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { explain, type Log } from '@yosugara/kernel';
import type { PatternPort } from '@yosugara/operations';
import type { AgentEvent, FoundRun, RunFacts } from '@yosugara/operations/agent';
import type { StartInstruction } from '@yosugara/protocol';
import { environmentOf, type Switch, switchTo } from './accounts.js';
import { runShell, SETPRIV } from './bounded.js';
import { type Notes, type RunExit, RunFolder } from './folder.js';
import { KEEPER } from './keeper.js';
import { bounded, capture, lookBytes, signalOf, variablesOf } from './output.js';
import { isAlive, type ProcessMark, sessionMembers, signalGroup } from './processes.js';
import { placeScript, SCRIPT_WORD } from './script.js';

const LOOK_MS = 200;
const BEGIN_MS = 60_000;
/** What is over before is told of once, as ended: no start of it is written, said and stored. */
const BEGUN_LOOK_MS = 40;
/** A keeper that has noted nothing after so long is looked for. */
const DOUBT_MS = 2_000;
const STOP_COMMAND_MS = 300_000;
const HOLES_EVERY_MS = 30_000;
/** More of an output than this is not left on the disk while its command runs. */
const MAX_OUTPUT_BYTES = 64 * 1_048_576;

export interface RunnerOptions {
  readonly dir: string;
  readonly patterns: PatternPort;
  readonly log: Log;
  readonly onEvent: (event: AgentEvent) => void;
  /** For people, at the managers. */
  readonly onTrouble: (code: string, message: string) => void;
}

interface Running {
  readonly instruction: StartInstruction;
  readonly folder: RunFolder;
  /** Ordered before there was a process. */
  order: 'stop' | 'kill' | null;
  command: ProcessMark | null;
  startedAtMs: number | null;
  isOver: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** Makes processes of instructions, and finds them again. All that must survive this process is in files and in the keepers. */
export class Runner {
  readonly #o: RunnerOptions;
  readonly #running = new Map<string, Running>();
  readonly #holes: ReturnType<typeof setInterval>;
  #isClosed = false;

  constructor(options: RunnerOptions) {
    this.#o = options;
    this.#holes = setInterval(() => void this.#punch().catch(() => undefined), HOLES_EVERY_MS);
    this.#holes.unref();
  }

  /** Commands go on; nobody looks any more. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#holes);
    for (const { timer } of this.#running.values()) clearTimeout(timer);
  }

  launch(instruction: StartInstruction): void {
    const { run } = instruction;
    void this.#launch(instruction).catch((error: unknown) => {
      this.#running.delete(run);
      this.#tell({ kind: 'launch-failed', run, why: explain(error) });
    });
  }

  /** After a restart, of each run that is on disk and not over. @param sameBoot false: the host went down in between. */
  async find(instruction: StartInstruction, wasLaunched: boolean, sameBoot: boolean): Promise<FoundRun> {
    const folder = RunFolder.of(this.#o.dir, instruction.run);
    if (!wasLaunched) return { what: 'unbegun' };
    const { exit, command } = await folder.notes();
    const startedAtMs = command?.startedAtMs ?? 0;
    if (exit !== null) return { what: 'exited', startedAtMs, facts: await this.#facts(instruction, folder, exit) };
    if (!sameBoot) return { what: 'gone', why: 'the host went down while it ran' };
    if (await folder.shutDoor()) return { what: 'unbegun' };
    const running = this.#remember(instruction, folder);
    if (!(await this.#begun(running)) || !(await this.#isThere(running, await folder.notes())))
      return await this.#unseen(running);
    this.#look(running);
    return { what: 'running', pid: running.command!.pid, startedAtMs: running.startedAtMs! };
  }

  /** Folders of runs that are over: the agent died before it took them away. */
  async tidy(open: readonly string[]): Promise<void> {
    await mkdir(this.#o.dir, { recursive: true, mode: 0o700 });
    const kept = new Set(open.map((run) => RunFolder.nameOf(run)));
    for (const name of await readdir(this.#o.dir)) {
      if (kept.has(name)) continue;
      await new RunFolder(join(this.#o.dir, name)).remove();
    }
  }

  endIt(run: string, how: 'stop' | 'kill'): void {
    const running = this.#running.get(run);
    if (running === undefined) return;
    if (running.command === null) running.order = running.order === 'kill' ? 'kill' : how;
    else void this.#end(running, how).catch((error: unknown) => this.#o.log.warn('run.end', { run, why: explain(error) }));
  }

  /** @param sweep also what it left behind of processes. */
  async clean(run: string, sweep: boolean): Promise<void> {
    const folder = RunFolder.of(this.#o.dir, run);
    const command = this.#running.get(run)?.command ?? (sweep ? (await folder.notes()).command : null);
    this.#running.delete(run);
    if (sweep && command !== null)
      for (const pid of await sessionMembers(command.pid)) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It went by itself.
        }
      }
    await folder.remove();
  }

  /* ---------- Beginning ---------- */

  async #launch(instruction: StartInstruction): Promise<void> {
    const { run, user, stdout, stderr } = instruction;
    const to = switchTo(user);
    if (!to.ok) return this.#tell({ kind: 'launch-failed', run, why: to.why });
    if (to.isOther && SETPRIV === undefined)
      return this.#tell({
        kind: 'launch-failed',
        run,
        why: 'setpriv (util-linux) is not installed, so no other user can be become',
      });
    const folder = RunFolder.of(this.#o.dir, run);
    folder.make();
    const command = await commandOf(instruction, folder, to);
    const running = this.#remember(instruction, folder);
    const as = to.isOther ? [String(to.account.uid), String(to.account.gid)] : ['', ''];
    const aim = (file: typeof stdout) => [file?.path ?? '', file === null ? '' : file.append ? 'append' : 'truncate'];
    const words = [folder.path, ...as, to.account.home, command, ...aim(stdout), ...aim(stderr)];
    const environment = environmentOf(to.account, { ...instruction.environment, YOSUGARA_RUN: run });
    const keeper = spawn('/bin/sh', ['-c', KEEPER, 'yosugara-keeper', ...words], {
      detached: true,
      stdio: 'ignore',
      cwd: '/',
      env: environment,
    });
    await new Promise<void>((resolve, reject) => {
      keeper.once('spawn', resolve);
      keeper.once('error', reject);
    });
    this.#attend(running, keeper);
    await pause(BEGUN_LOOK_MS);
    if (!(await this.#begun(running))) return;
    this.#tell({ kind: 'launched', run, pid: running.command!.pid, startedAtMs: running.startedAtMs! });
    if (running.order !== null) await this.#end(running, running.order);
  }

  #remember(instruction: StartInstruction, folder: RunFolder): Running {
    const running = { instruction, folder, order: null, command: null, startedAtMs: null, isOver: false, timer: undefined };
    this.#running.set(instruction.run, running);
    return running;
  }

  /** Its keeper is our child: its end is heard of at once. */
  #attend(running: Running, keeper: ChildProcess): void {
    keeper.unref();
    keeper.once('exit', () => void this.#see(running).catch(() => this.#look(running)));
  }

  /** Waits until its process is known. @returns false: it is over already, or lost. */
  async #begun(running: Running): Promise<boolean> {
    const untilMs = performance.now() + BEGIN_MS;
    const doubtMs = performance.now() + DOUBT_MS;
    while (performance.now() < untilMs && !running.isOver) {
      const { command, keeper } = await running.folder.notes();
      if (command !== null) {
        running.command = command;
        running.startedAtMs = command.startedAtMs;
        return true;
      }
      if (performance.now() > doubtMs && !running.folder.isKeptBy(keeper)) break;
      await pause(BEGUN_LOOK_MS);
    }
    return false;
  }

  async #unseen(running: Running): Promise<FoundRun> {
    running.isOver = true;
    this.#running.delete(running.instruction.run);
    const { exit, command } = await running.folder.notes();
    if (exit === null)
      return { what: 'gone', why: 'neither it nor its keeper is there any more, and nothing says what it returned' };
    const startedAtMs = command?.startedAtMs ?? 0;
    return { what: 'exited', startedAtMs, facts: await this.#facts(running.instruction, running.folder, exit) };
  }

  /* ---------- End ---------- */

  /** Not our child any more, or its keeper is gone: it is looked at now and then. */
  #look(running: Running): void {
    if (this.#isClosed || running.isOver) return;
    running.timer = setTimeout(() => {
      this.#see(running).catch((error: unknown) => {
        this.#o.log.warn('run.look', { run: running.instruction.run, why: explain(error) });
        this.#look(running);
      });
    }, LOOK_MS);
  }

  async #see(running: Running): Promise<void> {
    if (running.isOver || this.#isClosed) return;
    const { folder, instruction } = running;
    const { run } = instruction;
    let notes = await folder.notes();
    const isThere = notes.exit === null && (await this.#isThere(running, notes));
    // What ended between the two looks is seen by another one.
    if (notes.exit === null && !isThere) notes = await folder.notes();
    const { exit } = notes;
    if (exit !== null) {
      const startedAtMs = running.startedAtMs ?? notes.command?.startedAtMs ?? 0;
      const facts = await this.#facts(instruction, folder, exit);
      if (running.isOver) return;
      running.isOver = true;
      return this.#tell({ kind: 'exited', run, startedAtMs, facts });
    }
    if (isThere) return this.#look(running);
    running.isOver = true;
    this.#tell({ kind: 'lost', run, why: 'its keeper was killed, and with it went what the command returned' });
  }

  async #isThere(running: Running, notes: Notes): Promise<boolean> {
    if (running.folder.isKeptBy(notes.keeper)) return true;
    running.command ??= notes.command;
    return running.command !== null && (await isAlive(running.command));
  }

  async #facts(instruction: StartInstruction, folder: RunFolder, exit: RunExit): Promise<RunFacts> {
    const { keepOutputBytes, variables } = instruction;
    const aims = await folder.aims();
    const troubles: string[] = [];
    const of = async (name: 'stdout' | 'stderr') => {
      const [file, aim] = [instruction[name], aims[name]];
      if (aim === 'trouble') troubles.push(`its ${name} could not be written to ${file?.path}, and is in the history only`);
      const isOwn = typeof aim === 'number' && file !== null;
      const path = isOwn ? file.path : join(folder.path, name === 'stdout' ? 'out' : 'err');
      return await capture(path, isOwn ? aim : 0, variables.length > 0 ? lookBytes(keepOutputBytes) : keepOutputBytes);
    };
    const [stdout, stderr] = [await of('stdout'), await of('stderr')];
    const found = variablesOf(this.#o.patterns, variables, { stdout: stdout.text, stderr: stderr.text });
    const kept = (text: string) =>
      bounded(Buffer.byteLength(text) > keepOutputBytes ? text.slice(-keepOutputBytes || text.length) : text);
    return {
      ...{ code: exit.code, signal: signalOf(exit), variables: found },
      ...{ stdout: keepOutputBytes === 0 ? '' : kept(stdout.text), stderr: keepOutputBytes === 0 ? '' : kept(stderr.text) },
      ...{ stdoutBytes: stdout.bytes, stderrBytes: stderr.bytes },
      outputTrouble: troubles.length === 0 ? null : troubles.join('; '),
    };
  }

  async #end(running: Running, how: 'stop' | 'kill'): Promise<void> {
    const { instruction, command } = running;
    const { stopCommand, user, environment, run } = instruction;
    if (command === null) return;
    if (how === 'stop' && stopCommand !== null) {
      const more = { ...environment, YOSUGARA_RUN: run, YOSUGARA_PID: String(command.pid) };
      const end = await runShell(stopCommand, { user, environment: more, timeoutMs: STOP_COMMAND_MS });
      if (end.kind === 'ended' && end.code === 0) return;
      const why = end.kind === 'ended' ? `it exited ${end.code}` : end.why;
      return this.#o.onTrouble('STOP_COMMAND', `the stop command of ${run} failed: ${why}; the command goes on`);
    }
    // Its number may be another's by now; members of its group keep the number from being given anew.
    if (!(await isAlive(command)) && (await sessionMembers(command.pid)).length === 0) return;
    // Known a moment before it has a group of its own.
    for (const untilMs = performance.now() + DOUBT_MS; ; await pause(5))
      if (signalGroup(command.pid, how === 'kill' ? 'SIGKILL' : 'SIGTERM')) return;
      else if (performance.now() > untilMs || !(await isAlive(command))) return;
  }

  /** The beginnings of large outputs give their blocks back; their sizes go on counting (fallocate(1), --punch-hole). */
  async #punch(): Promise<void> {
    for (const { folder, instruction } of this.#running.values())
      for (const name of ['out', 'err']) {
        const path = join(folder.path, name);
        const found = await stat(path).catch(() => null);
        if (found === null || found.blocks * 512 <= MAX_OUTPUT_BYTES) continue;
        const length = found.size - lookBytes(instruction.keepOutputBytes) - 1_048_576;
        if (length > 0)
          spawn('fallocate', ['--punch-hole', '--offset', '0', '--length', String(length), path], { stdio: 'ignore' }).on(
            'error',
            () => undefined,
          );
      }
  }

  #tell(event: AgentEvent): void {
    if (!this.#isClosed) this.#o.onEvent(event);
  }
}

const pause = async (ms: number): Promise<void> => await new Promise((resolve) => setTimeout(resolve, ms));

async function commandOf(instruction: StartInstruction, folder: RunFolder, to: Switch & { ok: true }): Promise<string> {
  const { script, command } = instruction;
  if (script === null) return command;
  return command.replaceAll(SCRIPT_WORD, await placeScript(folder, script, to.isOther ? to.account : null));
}
