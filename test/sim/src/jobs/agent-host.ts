import {
  type AgentEvent,
  type AgentState,
  keptOf,
  NEW_AGENT,
  nextDueMs,
  type RunFacts,
  stateOf,
  stepAgent,
} from '@yosugara/operations/agent';
import type { AgentNews, AgentTask, FromAgent, StartInstruction, ToAgent } from '@yosugara/protocol';
import { answerFile, type Files, hasFileQuestion, watch } from './host-files.js';
import type { VirtualWorld } from './virtual-world.js';

const SCAN_MS = 3_000;

/** The host's view of a run's process: it goes on while the agent is away. */
interface Process {
  readonly instruction: StartInstruction;
  /** Of the agent that asked for it: its disk may be another one by the time that the process is there. */
  readonly spool: string;
  state: 'asked' | 'running' | 'exited' | 'shut' | 'gone';
  startedAtMs: number;
  facts: RunFacts | null;
}

export interface AgentLink {
  readonly id: number;
  say(saying: FromAgent): void;
  close(): void;
}

export interface HostDeeds {
  /** A command begins: its mark is written. @returns what it will return, and when. */
  execute(host: AgentHost, instruction: StartInstruction, spool: string): { readonly code: number; readonly afterMs: number };
  /** Somebody to talk to is wanted. */
  connect(host: AgentHost): void;
  /** It must not go on. */
  halted(host: AgentHost, why: string): void;
}

const FACTS: RunFacts = {
  ...{ code: 0, signal: null, stdout: '', stderr: '', stdoutBytes: 0, stderrBytes: 0, variables: {}, outputTrouble: null },
};

/** A host with an agent on it: the production's core, a disk that keeps what is synced, processes that outlive the agent. */
export class AgentHost {
  readonly name: string;
  spool: string;
  isUp = true;
  link: AgentLink | null = null;
  /** Since its folder was made: number n is at n − 1. */
  news: AgentNews[] = [];
  state: AgentState = NEW_AGENT;
  #disk = keptOf(NEW_AGENT);
  #processes = new Map<string, Process>();
  /** Counts lives, so that what an earlier one asked for does not reach a later one. */
  #life = 0;
  #nonces = 0;
  #said = 0;
  #dueMs = Number.POSITIVE_INFINITY;
  #tasks: readonly AgentTask[] = [];
  #isScanning = false;
  /** By path. */
  readonly files: Files = new Map();
  /** Parts of files that are being copied. */
  readonly #parts: Map<string, Buffer> = new Map();
  readonly #world: VirtualWorld;
  readonly #deeds: HostDeeds;

  constructor(name: string, world: VirtualWorld, deeds: HostDeeds) {
    this.name = name;
    this.#world = world;
    this.#deeds = deeds;
    this.spool = this.#newSpool();
  }

  #newSpool(): string {
    return Array.from({ length: 32 }, () => '0123456789abcdef'[Math.floor(this.#world.rng.next() * 16)]).join('');
  }

  feed(event: AgentEvent): void {
    if (!this.isUp) return;
    const { nowMs } = this.#world;
    const nonce = `${this.spool.slice(0, 12)}${(++this.#nonces).toString(16).padStart(12, '0')}00000000`;
    const { state, keep, effects } = stepAgent(this.state, { nowMs, wallMs: nowMs, nonce, event });
    this.state = state;
    if (keep.length > 0) {
      this.#disk = keptOf(state);
      for (const change of keep) if (change.kind === 'news') this.news.push(change.news);
    }
    for (const effect of effects) {
      switch (effect.kind) {
        case 'say':
          if (this.link?.id === effect.link) this.link.say(effect.saying);
          break;
        case 'serve':
          this.#said = this.state.acked;
          break;
        case 'close':
          if (this.link?.id === effect.link) this.link.close();
          break;
        case 'launch':
          this.#launch(effect.instruction);
          break;
        case 'end-it':
          this.#endIt(effect.run, effect.how);
          break;
        case 'clean':
          this.#processes.delete(effect.run);
          break;
        case 'tasks':
          this.#tasks = effect.tasks;
          this.#scanSoon();
          break;
        case 'halt':
          this.#deeds.halted(this, effect.why);
          break;
        default:
      }
    }
    this.#tell();
    this.#plan();
  }

  /** What no manager has acknowledged, once for each connection. */
  #tell(): void {
    if (this.state.link === null || this.link?.id !== this.state.link.id || this.#said >= this.news.length) return;
    this.link.say({ say: 'news', first: this.#said + 1, news: this.news.slice(this.#said) });
    this.#said = this.news.length;
  }

  #plan(): void {
    const dueMs = nextDueMs(this.state, this.#world.nowMs);
    if (dueMs >= this.#dueMs) return;
    this.#dueMs = dueMs;
    this.#later(dueMs - this.#world.nowMs, () => {
      this.#dueMs = Number.POSITIVE_INFINITY;
      this.feed({ kind: 'tick' });
    });
  }

  #later(ms: number, happen: () => void): void {
    const life = this.#life;
    this.#world.after(ms, () => {
      if (this.isUp && this.#life === life) happen();
    });
  }

  #scanSoon(): void {
    if (this.#isScanning || this.#tasks.length === 0) return;
    this.#isScanning = true;
    this.#later(SCAN_MS, () => {
      this.#isScanning = false;
      for (const task of this.#tasks) {
        const told = watch(task, this.state, this.files, this.#world.nowMs);
        if (told !== null) this.feed({ kind: 'told', ...told });
      }
      this.#scanSoon();
    });
  }

  #launch(instruction: StartInstruction): void {
    const process: Process = { instruction, spool: this.spool, state: 'asked', startedAtMs: 0, facts: null };
    this.#processes.set(instruction.run, process);
    // The host makes it whether or not the agent is still there to see it.
    this.#world.after(this.#world.rng.between(1, 20), () => this.#begin(process));
  }

  #begin(process: Process): void {
    if (process.state !== 'asked') return;
    const { run } = process.instruction;
    const { code, afterMs } = this.#deeds.execute(this, process.instruction, process.spool);
    process.state = 'running';
    process.startedAtMs = this.#world.nowMs;
    this.feed({ kind: 'launched', run, pid: 1, startedAtMs: process.startedAtMs });
    const variables = Object.fromEntries(process.instruction.variables.map(({ name }) => [name, String(code)]));
    this.#world.after(afterMs, () => this.#exit(process, { ...FACTS, code, variables }));
  }

  #exit(process: Process, facts: RunFacts): void {
    if (process.state !== 'running') return;
    process.state = 'exited';
    process.facts = facts;
    this.feed({ kind: 'exited', run: process.instruction.run, startedAtMs: process.startedAtMs, facts });
  }

  #endIt(run: string, how: 'stop' | 'kill'): void {
    const process = this.#processes.get(run);
    if (process === undefined) return;
    const signal = how === 'kill' ? 'SIGKILL' : 'SIGTERM';
    this.#world.after(this.#world.rng.between(1, 200), () => this.#exit(process, { ...FACTS, code: null, signal }));
  }

  /** Heard on that connection. */
  heard(link: number, saying: ToAgent): void {
    if (!this.isUp || this.link?.id !== link) return;
    if (!hasFileQuestion(saying)) return this.feed({ kind: 'heard', link, saying });
    const answer = answerFile(saying, this.state.highestEpoch, this.files, this.#parts, this.#world.nowMs);
    this.#later(this.#world.rng.between(1, 1_500), () => {
      if (this.link?.id === link) this.link.say({ say: 'file-answer', id: saying.id, ...answer });
    });
  }

  /** Says who it is. */
  connected(link: AgentLink): void {
    this.link = link;
    const instance = String(this.#life).padStart(32, '0');
    link.say({
      ...{ say: 'hello', protocol: 1, version: '1', agent: this.name, spool: this.spool, instance, hostName: this.name },
      ...{ highestEpoch: this.state.highestEpoch, acked: this.state.acked, addresses: [], platform: 'linux', os: '' },
      startedAtMs: 0,
    });
  }

  cut(link: number): void {
    if (this.link?.id !== link) return;
    this.link = null;
    this.feed({ kind: 'gone', link });
    this.#later(this.#world.rng.between(50, 500), () => this.#deeds.connect(this));
  }

  /** The agent's process is killed; the host goes on. */
  crash(): void {
    this.isUp = false;
    this.#life++;
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#isScanning = false;
    this.link?.close();
    this.link = null;
  }

  /** The host goes down: whatever ran on it is gone, and nothing says how it ended. */
  powerOff(): void {
    this.crash();
    for (const process of this.#processes.values())
      process.state = process.state === 'exited' ? 'exited' : process.state === 'asked' ? 'shut' : 'gone';
  }

  /** Another disk: it remembers nothing. What still runs is nobody's any more. */
  wipe(): void {
    this.crash();
    this.spool = this.#newSpool();
    this.#disk = keptOf(NEW_AGENT);
    this.news = [];
    this.#processes = new Map();
  }

  restart(): void {
    if (this.isUp) return;
    this.isUp = true;
    this.#life++;
    this.state = stateOf(this.#disk);
    this.#said = this.state.acked;
    for (const [run] of [...this.state.open.entries()]) this.#find(run);
    this.#tasks = this.state.tasks.tasks;
    this.#scanSoon();
    this.#deeds.connect(this);
  }

  /** A door that only one goes through: what was asked for and did not begin cannot begin any more. */
  #find(run: string): void {
    const process = this.#processes.get(run);
    if (process?.state === 'asked') process.state = 'shut';
    if (process === undefined || process.state === 'shut') this.feed({ kind: 'found', run, found: { what: 'unbegun' } });
    else if (process.state === 'running')
      this.feed({ kind: 'found', run, found: { what: 'running', pid: 1, startedAtMs: process.startedAtMs } });
    else if (process.state === 'exited')
      this.feed({ kind: 'found', run, found: { what: 'exited', startedAtMs: process.startedAtMs, facts: process.facts! } });
    else this.feed({ kind: 'found', run, found: { what: 'gone', why: 'the host went down' } });
  }

  /** Nothing more is to be told or done. */
  get isQuiet(): boolean {
    return this.state.open.size === 0 && this.state.acked === this.news.length;
  }
}
