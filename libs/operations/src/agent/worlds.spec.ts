import type { RunEnd, StartInstruction, ToAgent } from '@yosugara/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type AgentEffect,
  type AgentEvent,
  type AgentState,
  applyChange,
  type Change,
  NEW_AGENT,
  type RunFacts,
  runStateOf,
  stepAgent,
} from './index.js';

const FACTS: RunFacts = {
  ...{ code: 0, signal: null, stdout: '', stderr: '', stdoutBytes: 0, stderrBytes: 0, variables: {}, outputTrouble: null },
};

/** What a host knows of a run whose files are there. */
type OnHost = 'unbegun' | 'running' | 'exited' | 'shut';

/**
 * An agent with a disk that keeps some of what was not synced when it dies, a host whose processes outlive it, and managers whose messages
 * come late, twice, in another order or never.
 */
class World {
  state: AgentState = NEW_AGENT;
  /** What is safe, and behind it what may be lost. */
  disk: Change[] = [];
  unsynced: Change[] = [];
  effects: AgentEffect[] = [];
  host = new Map<string, OnHost>();
  begun = new Map<string, number>();
  /** A process that was asked for, and has not looked yet whether it may. */
  doors: string[] = [];
  mail: ToAgent[] = [];
  questions: Extract<ToAgent, { say: 'start-answer' }>[] = [];
  noted = new Set<string>();
  nowMs = 0;
  epoch = 1;
  links = 1;

  feed(event: AgentEvent): void {
    const nonce = Math.floor(++this.nowMs)
      .toString(16)
      .padStart(32, '0');
    const { state, keep, effects } = stepAgent(this.state, { nowMs: this.nowMs, wallMs: this.nowMs, nonce, event });
    this.state = state;
    this.unsynced.push(...keep);
    this.effects.push(...effects);
  }
  welcome(): void {
    const committed = Math.min(this.state.acked, this.state.nextNews - 1);
    this.feed({ kind: 'heard', link: ++this.links, saying: { say: 'welcome', epoch: this.epoch, committed, managers: [] } });
  }
  sync(): void {
    this.disk.push(...this.unsynced.splice(0));
  }
  /** Only what is safe has consequences. */
  act(count: number): void {
    if (this.unsynced.length > 0) this.sync();
    for (const effect of this.effects.splice(0, count)) {
      if (effect.kind === 'say' && effect.saying.say === 'start-check') {
        const { run, nonce } = effect.saying;
        this.questions.push({ say: 'start-answer', run, nonce, go: this.host.get(run) === undefined, why: '' });
      }
      if (effect.kind === 'say' && effect.saying.say === 'taken') this.noted.add(effect.saying.run);
      if (effect.kind === 'launch') {
        this.host.set(effect.instruction.run, 'unbegun');
        this.doors.push(effect.instruction.run);
      }
      if (effect.kind === 'end-it' && this.host.get(effect.run) === 'running') this.host.set(effect.run, 'exited');
      if (effect.kind === 'clean') this.host.delete(effect.run);
    }
  }
  begin(): void {
    const run = this.doors.shift();
    if (run === undefined || this.host.get(run) !== 'unbegun') return;
    this.host.set(run, 'running');
    this.begun.set(run, (this.begun.get(run) ?? 0) + 1);
  }
  crash(keptOfUnsynced: number): void {
    this.disk.push(...this.unsynced.splice(0).slice(0, keptOfUnsynced));
    // Half of a step is never kept: it is one write.
    const news = this.disk.at(-1);
    if (news?.kind === 'ended') this.disk.pop();
    this.effects = [];
    this.state = this.disk.reduce(applyChange, NEW_AGENT);
    for (const run of [...this.state.open.entries()].map(([id]) => id)) this.find(run);
  }
  find(run: string): void {
    const is = this.host.get(run);
    if (is === 'unbegun') this.host.set(run, 'shut');
    if (is === 'running') this.feed({ kind: 'found', run, found: { what: 'running', pid: 1, startedAtMs: 0 } });
    else if (is === 'exited') this.feed({ kind: 'found', run, found: { what: 'exited', startedAtMs: 0, facts: FACTS } });
    else this.feed({ kind: 'found', run, found: { what: 'unbegun' } });
  }
  see(): void {
    for (const [run, is] of this.host)
      if (is === 'running') this.feed({ kind: 'launched', run, pid: 1, startedAtMs: 0 });
      else if (is === 'exited') this.feed({ kind: 'exited', run, startedAtMs: 0, facts: FACTS });
  }
  get ends(): RunEnd[] {
    const all = [...this.disk, ...this.unsynced];
    return all.flatMap((change) => (change.kind === 'news' && change.news.kind === 'run-ended' ? [change.news.end] : []));
  }
}

const start = (run: string, epoch: number): StartInstruction => ({
  ...{ say: 'start', epoch, run, command: 'true', user: null, environment: {}, script: null, stopCommand: null },
  ...{ timeoutMs: 50, keepOutputBytes: 0, stdout: null, stderr: null, variables: [] },
});
const small = fc.integer({ min: 0, max: 7 });
const moves = fc.array(
  fc.record({
    does: fc.constantFrom(
      'send',
      'send',
      'deliver',
      'twice',
      'swap',
      'lose',
      'answer',
      'answer',
      'act',
      'act',
      'begin',
      'end',
      'see',
      'crash',
      'master',
      'stop',
      'later',
    ),
    with: small,
  }),
  { maxLength: 150 },
);

function move(world: World, does: string, value: number): void {
  const link = () => world.state.link?.id ?? 0;
  const hear = (saying: ToAgent | undefined) => saying && world.feed({ kind: 'heard', link: link(), saying });
  const run = `s/u/j/n/${value % 4}`;
  if (does === 'send') world.mail.push(start(run, Math.max(1, world.epoch - (value > 5 ? 1 : 0))));
  else if (does === 'deliver') hear(world.mail.shift());
  else if (does === 'twice') hear(world.mail[0]);
  else if (does === 'swap') world.mail.reverse();
  else if (does === 'lose') world.mail.splice(value, 1);
  else if (does === 'answer') hear(world.questions.splice(value % Math.max(1, world.questions.length), 1)[0]);
  else if (does === 'act') world.act(value + 1);
  else if (does === 'begin') world.begin();
  else if (does === 'end') {
    if (world.host.get(run) === 'running') world.host.set(run, 'exited');
  } else if (does === 'see') world.see();
  else if (does === 'crash') world.crash(value);
  else if (does === 'master') {
    world.epoch++;
    world.welcome();
  } else if (does === 'stop') hear({ say: 'stop', epoch: world.epoch, run, how: value % 2 === 0 ? 'command' : 'kill' });
  else {
    world.nowMs += 1_000 * value;
    world.feed({ kind: 'tick' });
  }
}

it('no command begins twice, and each that was taken has one end, whatever is lost, doubled, late, or crashes', {
  timeout: 60_000,
}, () => {
  fc.assert(
    fc.property(moves, (story) => {
      const world = new World();
      world.welcome();
      for (const { does, with: value } of story) move(world, does, value);
      // In the end nothing more is lost: time goes by and the host is looked at.
      for (let round = 0; round < 12; round++) {
        world.act(Number.POSITIVE_INFINITY);
        while (world.doors.length > 0) world.begin();
        world.see();
        world.nowMs += 11_000;
        world.feed({ kind: 'tick' });
      }
      world.act(Number.POSITIVE_INFINITY);
      for (const [run, count] of world.begun) expect(count, run).toBe(1);
      expect(world.state.open.size).toBe(0);
      const ended = world.ends.map(({ run }) => run);
      expect(new Set(ended).size).toBe(ended.length);
      for (const run of [...world.noted, ...world.begun.keys()]) expect(ended).toContain(run);
      // What began never counts as not started: it might be started once more elsewhere.
      for (const { run, outcome } of world.ends) if (world.begun.has(run)) expect(outcome).not.toBe('not-started');
      for (const run of world.noted) expect(runStateOf(world.disk.reduce(applyChange, NEW_AGENT), run)).toBe('ended');
    }),
    { numRuns: 3_000 },
  );
});
