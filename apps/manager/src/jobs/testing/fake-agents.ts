import type { AgentNews, RunEnd, StartInstruction, ToAgent } from '@yosugara/protocol';
import type { AgentDesk, AgentHello, AgentLinks } from '@yosugara/runtime';

/** What its command does. null = it goes on until somebody ends it (`finish`). */
export type Command = (instruction: StartInstruction) => { readonly code: number; readonly stdout?: string } | null;

interface Run {
  state: 'taken' | 'running' | 'ended';
  readonly instruction: StartInstruction;
  /** Answers to start checks that it had. */
  refusals: string[];
}

/** One agent: its disk outlives connections, managers and its own process. */
export class FakeAgent {
  readonly id: string;
  spool: string;
  highestEpoch = 0;
  readonly runs = new Map<string, Run>();
  /** How often each run was launched. */
  readonly launches = new Map<string, number>();
  news: AgentNews[] = [];
  /** Number of the first of `news`. */
  first = 1;
  tasks: Extract<ToAgent, { say: 'tasks' }> | null = null;
  readonly heard: ToAgent[] = [];
  #desk: AgentDesk | null = null;
  #isTelling = false;
  readonly #command: Command;

  constructor(id: string, command: Command, spool = 'a'.repeat(32)) {
    this.id = id;
    this.spool = spool;
    this.#command = command;
  }

  get isConnected(): boolean {
    return this.#desk !== null;
  }

  async connect(desk: AgentDesk): Promise<boolean> {
    const hello: AgentHello = {
      ...{ say: 'hello', protocol: 1, version: '1', agent: this.id, spool: this.spool, instance: 'b'.repeat(32) },
      ...{ highestEpoch: this.highestEpoch, acked: this.first - 1, hostName: this.id, addresses: [], platform: 'linux' },
      ...{ os: '', startedAtMs: 0 },
    };
    const answer = await desk.hello(hello);
    if ('refused' in answer) return false;
    this.#forget(answer.committed);
    this.#desk = desk;
    for (const [run, { state }] of this.runs) if (state === 'taken') void this.#check(run);
    this.#tell();
    return true;
  }

  cut(): void {
    const desk = this.#desk;
    this.#desk = null;
    desk?.gone(this.id);
  }

  /** A new disk: whatever it knew is gone. */
  wipe(spool: string): void {
    this.cut();
    this.spool = spool;
    this.runs.clear();
    this.news = [];
    this.first = 1;
  }

  take(message: ToAgent): void {
    this.heard.push(message);
    if (message.say === 'tasks') this.tasks = message;
    if (message.say === 'state-of') {
      const state = this.runs.get(message.run)?.state ?? 'never';
      this.#desk?.heard(this.id, { say: 'state', run: message.run, state });
    }
    if (message.say !== 'start') return;
    if (message.epoch < this.highestEpoch) {
      const { run, epoch } = message;
      const why = `epoch ${epoch} is over`;
      return this.say({ kind: 'run-refused', run, atMs: Date.now(), epoch, highestEpoch: this.highestEpoch, why });
    }
    this.highestEpoch = message.epoch;
    const known = this.runs.get(message.run);
    if (known === undefined) this.runs.set(message.run, { state: 'taken', instruction: message, refusals: [] });
    this.#desk?.heard(this.id, { say: 'taken', run: message.run });
    if (known === undefined || known.state === 'taken') void this.#check(message.run);
  }

  finish(run: string, code = 0): void {
    const found = this.runs.get(run);
    if (found?.state !== 'running') return;
    found.state = 'ended';
    this.say({ kind: 'run-ended', end: endOf(run, code, '') });
  }

  say(news: AgentNews): void {
    this.news.push(news);
    this.#tell();
  }

  async #check(run: string): Promise<void> {
    const desk = this.#desk;
    const found = this.runs.get(run);
    if (desk === null || found?.state !== 'taken') return;
    const nonce = Math.random().toString(16).slice(2).padEnd(32, '0').slice(0, 32);
    const { epoch } = found.instruction;
    const answer = await desk.startCheck(this.id, { say: 'start-check', run, epoch, nonce }).catch(() => null);
    if (this.#desk !== desk || found.state !== 'taken') return;
    // Without an answer it is not started, and asks again.
    if (answer === null) return void setTimeout(() => void this.#check(run), 20);
    if (!answer.go) return void found.refusals.push(answer.why);
    found.state = 'running';
    this.launches.set(run, (this.launches.get(run) ?? 0) + 1);
    this.say({ kind: 'run-started', run, atMs: Date.now(), pid: 1 });
    const end = this.#command(found.instruction);
    if (end === null) return;
    found.state = 'ended';
    this.say({ kind: 'run-ended', end: endOf(run, end.code, end.stdout ?? '') });
  }

  #tell(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    void this.#tellAll().finally(() => {
      this.#isTelling = false;
    });
  }

  async #tellAll(): Promise<void> {
    while (this.#desk !== null && this.news.length > 0) {
      const desk = this.#desk;
      try {
        this.#forget(await desk.news(this.id, this.spool, this.first, this.news.slice(0, 100)));
      } catch {
        // As a listener does: it is sent away, and comes again.
        if (this.#desk === desk) this.cut();
        return;
      }
    }
  }

  #forget(committed: number): void {
    const gone = Math.max(0, committed - this.first + 1);
    this.news.splice(0, gone);
    this.first += gone;
  }
}

const endOf = (run: string, code: number, stdout: string): RunEnd => ({
  ...{ run, atMs: Date.now(), startedAtMs: Date.now(), outcome: 'exited', code, signal: null, why: '' },
  ...{ stdout, stderr: '', stdoutBytes: stdout.length, stderrBytes: 0, variables: {}, outputTrouble: null },
});

/** The way between one manager and the agents; each manager has its own. */
export class FakeLinks implements AgentLinks {
  readonly #agents: ReadonlyMap<string, FakeAgent>;
  readonly #mine = new Set<string>();
  /** Lost on the way when it says so. */
  drops: (agent: string, message: ToAgent) => boolean = () => false;

  constructor(agents: ReadonlyMap<string, FakeAgent>) {
    this.#agents = agents;
  }

  async connect(agent: string, desk: AgentDesk): Promise<void> {
    const found = this.#agents.get(agent);
    if (found !== undefined && !found.isConnected && (await found.connect(desk))) this.#mine.add(agent);
  }

  /** The manager's end of all connections. */
  cut(): void {
    for (const agent of this.#mine) this.#agents.get(agent)?.cut();
    this.#mine.clear();
  }

  send(agent: string, message: ToAgent): boolean {
    const found = this.#agents.get(agent);
    if (found === undefined || !this.isConnected(agent)) return false;
    if (!this.drops(agent, message)) setImmediate(() => found.take(structuredClone(message)));
    return true;
  }

  isConnected(agent: string): boolean {
    return this.#mine.has(agent) && this.#agents.get(agent)?.isConnected === true;
  }

  connected(): readonly string[] {
    return [...this.#mine].filter((agent) => this.isConnected(agent));
  }

  async measure(): Promise<never> {
    throw new Error('not in this spec');
  }
  async file(): Promise<never> {
    throw new Error('not in this spec');
  }
}
