import type { StartInstruction, ToAgent } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import {
  AGENT_RUN_STATES,
  type AgentEvent,
  type AgentState,
  type AgentStep,
  applyChange,
  keptOf,
  NEW_AGENT,
  nextDueMs,
  REMEMBER_MS,
  RUN_TABLE,
  RUN_TRIGGERS,
  type RunFacts,
  type RunTrigger,
  runStateOf,
  STOP_GRACE_MS,
  stateOf,
  stepAgent,
} from './index.js';

const RUN = 's1/u/j/n1/1';
const NONCE = 'a'.repeat(32);
const FACTS: RunFacts = {
  ...{ code: 3, signal: null, stdout: 'out', stderr: '', stdoutBytes: 3, stderrBytes: 0, variables: {}, outputTrouble: null },
};
const instruction = (over: Partial<StartInstruction> = {}): StartInstruction => ({
  ...{ say: 'start', epoch: 5, run: RUN, command: 'true', user: null, environment: {}, script: null, stopCommand: null },
  ...{ timeoutMs: null, keepOutputBytes: 100, stdout: null, stderr: null, variables: [], ...over },
});

/** Steps one after another; keeps the last one. */
class Drive {
  state: AgentState = NEW_AGENT;
  last: AgentStep = { state: NEW_AGENT, keep: [], effects: [] };
  nowMs = 1_000;
  nonces = 0;

  do(event: AgentEvent): AgentStep {
    const nonce = (++this.nonces).toString(16).padStart(32, '0');
    this.last = stepAgent(this.state, { nowMs: this.nowMs, wallMs: 1e12 + this.nowMs, nonce, event });
    expect(this.last.keep.reduce(applyChange, this.state).nextNews).toBe(this.last.state.nextNews);
    this.state = this.last.state;
    return this.last;
  }
  hear(saying: ToAgent, link = 1): AgentStep {
    return this.do({ kind: 'heard', link, saying });
  }
  welcome(epoch = 5, link = 1, committed = 0): AgentStep {
    return this.hear({ say: 'welcome', epoch, committed, managers: [] }, link);
  }
  answer(go: boolean): AgentStep {
    const nonce = this.state.open.get(RUN)?.check?.nonce ?? NONCE;
    return this.hear({ say: 'start-answer', run: RUN, nonce, go, why: 'because' });
  }
  restart(): void {
    this.state = stateOf(JSON.parse(JSON.stringify(keptOf(this.state))));
  }
  /** As `RUN` gets there. */
  to(state: (typeof AGENT_RUN_STATES)[number], over: Partial<StartInstruction> = {}): this {
    this.welcome();
    if (state === 'unknown') return this;
    this.hear(instruction(over));
    if (state === 'noted') return this;
    this.answer(true);
    if (state === 'launching') return this;
    this.do({ kind: 'launched', run: RUN, pid: 77, startedAtMs: 1e12 });
    if (state === 'running') return this;
    this.do({ kind: 'exited', run: RUN, startedAtMs: 1e12, facts: FACTS });
    return this;
  }
  get effects() {
    return this.last.effects.map((effect) => (effect.kind === 'say' ? effect.saying.say : effect.kind));
  }
  get kept() {
    return this.last.keep.map((change) => (change.kind === 'news' ? change.news.kind : change.kind));
  }
  get end() {
    const news = this.last.keep.flatMap((change) =>
      change.kind === 'news' && change.news.kind === 'run-ended' ? [change.news.end] : [],
    );
    return news[0];
  }
}
const drive = () => new Drive();

/** Brings a trigger about; the states are made so that each can happen where the table has a row. */
const PULL: Readonly<Record<RunTrigger, (drive: Drive) => void>> = {
  start: (on) => void on.hear(instruction()),
  'start-of-an-old-epoch': (on) => {
    on.hear({ say: 'stop', epoch: 9, run: 'another', how: 'command' });
    on.hear(instruction({ epoch: 4 }));
  },
  go: (on) => void on.answer(true),
  'no-go': (on) => void on.answer(false),
  'check-unanswered': (on) => {
    on.nowMs += 5_000;
    on.do({ kind: 'tick' });
  },
  'new-master': (on) => void on.welcome(6, 2),
  launched: (on) => void on.do({ kind: 'launched', run: RUN, pid: 77, startedAtMs: 1e12 }),
  'launch-failed': (on) => void on.do({ kind: 'launch-failed', run: RUN, why: 'no such user' }),
  exited: (on) => void on.do({ kind: 'exited', run: RUN, startedAtMs: 1e12, facts: FACTS }),
  lost: (on) => void on.do({ kind: 'lost', run: RUN, why: 'its keeper is gone' }),
  stop: (on) => void on.hear({ say: 'stop', epoch: 5, run: RUN, how: 'command' }),
  kill: (on) => void on.hear({ say: 'stop', epoch: 5, run: RUN, how: 'kill' }),
  'time-over': (on) => {
    on.nowMs += 3_600_000;
    on.do({ kind: 'tick' });
  },
  'grace-over': (on) => {
    on.hear({ say: 'stop', epoch: 5, run: RUN, how: 'command' });
    on.nowMs += STOP_GRACE_MS;
    on.do({ kind: 'tick' });
  },
  'state-of': (on) => void on.hear({ say: 'state-of', run: RUN }),
  'found-unbegun': (on) => void on.do({ kind: 'found', run: RUN, found: { what: 'unbegun' } }),
  'found-running': (on) => void on.do({ kind: 'found', run: RUN, found: { what: 'running', pid: 77, startedAtMs: 1e12 } }),
  'found-exited': (on) => void on.do({ kind: 'found', run: RUN, found: { what: 'exited', startedAtMs: 1e12, facts: FACTS } }),
  'found-gone': (on) => void on.do({ kind: 'found', run: RUN, found: { what: 'gone', why: 'the host went down' } }),
};
/** These pairs cannot be brought about alone: a moment that brings one brings another, too. */
const MIXED = ['noted time-over', 'noted grace-over', 'running check-unanswered', 'launching grace-over'];

describe('the table of a run', () => {
  it('has each pair once, and a reason for each', () => {
    expect(new Set(RUN_TABLE.map(({ from, on }) => `${from} ${on}`)).size).toBe(RUN_TABLE.length);
    for (const { why } of RUN_TABLE) expect(why.length).toBeGreaterThan(5);
  });

  for (const from of AGENT_RUN_STATES)
    for (const on of RUN_TRIGGERS) {
      if (MIXED.includes(`${from} ${on}`)) continue;
      const row = RUN_TABLE.find((each) => each.from === from && each.on === on);
      it(`${from}, ${on}: ${row === undefined ? 'nothing happens' : `${row.does}, ${row.to}`}`, () => {
        const at = drive().to(from, { timeoutMs: 1_800_000 });
        PULL[on](at);
        expect(runStateOf(at.state, RUN)).toBe(row?.to ?? from);
        if (row === undefined) {
          expect(at.kept.filter((kind) => kind !== 'epoch')).toEqual([]);
          expect(at.effects.filter((kind) => !['close', 'serve'].includes(kind))).toEqual([]);
        } else if (row.to === 'ended' && from !== 'ended') expect(at.kept).toEqual(['ended', 'run-ended']);
      });
    }
});

describe('a start', () => {
  it('is on disk before it is taken, and asks before it launches', () => {
    const at = drive().to('noted');
    expect(at.kept).toEqual(['epoch', 'noted'].slice(1));
    expect(at.effects).toEqual(['taken', 'start-check']);
    at.answer(true);
    expect(at.kept).toEqual(['launching']);
    expect(at.effects).toEqual(['launch']);
  });
  it('that is said again is answered with its state, and nothing is written', () => {
    const at = drive().to('running');
    at.hear(instruction());
    expect(at.last.effects).toEqual([{ kind: 'say', link: 1, saying: { say: 'state', run: RUN, state: 'running' } }]);
    expect(at.kept).toEqual([]);
  });
  it('of an older epoch is refused once, as news, and is free for a Master of today', () => {
    const at = drive().to('unknown');
    at.hear(instruction({ epoch: 4 }));
    expect(at.kept).toEqual(['run-refused']);
    at.hear(instruction({ epoch: 4 }));
    expect(at.kept).toEqual([]);
    at.hear(instruction());
    expect(runStateOf(at.state, RUN)).toBe('noted');
  });
  it('of an older epoch is refused as well when a former Master says it on its own connection', () => {
    const at = drive().to('unknown');
    at.welcome(6, 2);
    expect(at.effects).toContain('close');
    at.hear(instruction(), 1);
    expect(at.kept).toEqual(['run-refused']);
  });
  it('from somebody who never said that it is the Master does nothing', () => {
    const at = drive();
    at.hear(instruction());
    expect([at.kept, at.effects]).toEqual([[], []]);
  });
  it.each([4_999, 5_000])('%d ms after the question without an answer', (afterMs) => {
    const at = drive().to('noted');
    at.nowMs += afterMs;
    at.do({ kind: 'tick' });
    expect(at.end?.outcome).toBe(afterMs < 5_000 ? undefined : 'not-started');
  });
  it('asks a new Master with another nonce, and takes no late answer of the former one', () => {
    const at = drive().to('noted');
    const before = at.state.open.get(RUN)!.check!;
    at.nowMs += 2_000;
    at.welcome(6, 2);
    const after = at.state.open.get(RUN)!.check!;
    expect(after.nonce).not.toBe(before.nonce);
    expect(after.nonce).toMatch(/^[0-9a-f]{32}$/);
    expect(after.untilMs).toBe(before.untilMs);
    at.hear({ say: 'start-answer', run: RUN, nonce: before.nonce, go: true, why: '' }, 2);
    expect(runStateOf(at.state, RUN)).toBe('noted');
  });
  it('beyond what an agent holds is not started, and says so', () => {
    const at = drive().to('unknown');
    for (let count = 0; count < 1_001; count++) at.hear(instruction({ run: `s/u/j/n/${count}` }));
    expect(at.end).toMatchObject({ outcome: 'not-started', run: 's/u/j/n/1000' });
  });
});

describe('an end', () => {
  it.each([
    [{ code: 0, signal: null }, [] as RunTrigger[], 'exited'],
    [{ code: 143, signal: 'SIGTERM' }, [], 'signal'],
    [{ code: 143, signal: 'SIGTERM' }, ['stop'], 'stopped'],
    [{ code: 137, signal: 'SIGKILL' }, ['stop', 'kill'], 'stopped'],
    [{ code: 137, signal: 'SIGKILL' }, ['time-over'], 'timeout'],
    [{ code: 137, signal: 'SIGKILL' }, ['stop', 'time-over'], 'stopped'],
  ] as const)('%j after %j is %s', (how, before, outcome) => {
    const at = drive().to('running', { timeoutMs: 1_800_000 });
    for (const trigger of before) PULL[trigger](at);
    at.do({ kind: 'exited', run: RUN, startedAtMs: 1e12, facts: { ...FACTS, ...how } });
    expect(at.end?.outcome).toBe(outcome);
    expect(at.last.effects).toEqual([{ kind: 'clean', run: RUN, sweep: before.length > 0 }]);
  });
  it('is what it was ordered to be when the agent restarted between the order and the end', () => {
    const at = drive().to('running');
    PULL.stop(at);
    at.restart();
    PULL['found-running'](at);
    expect(at.effects).toEqual(['end-it']);
    PULL.exited(at);
    expect(at.end?.outcome).toBe('stopped');
  });
  it('is remembered for seven days, and for as long as no manager has it', () => {
    const at = drive().to('ended');
    at.nowMs += REMEMBER_MS;
    at.do({ kind: 'tick' });
    expect(runStateOf(at.state, RUN)).toBe('ended');
    at.hear({ say: 'committed', number: 2 });
    at.do({ kind: 'tick' });
    expect(runStateOf(at.state, RUN)).toBe('unknown');
  });
});

describe('a stop', () => {
  it('of an older epoch does nothing', () => {
    const at = drive().to('running');
    at.welcome(6, 2);
    at.hear({ say: 'stop', epoch: 5, run: RUN, how: 'kill' }, 2);
    expect([at.kept, at.effects]).toEqual([[], []]);
  });
  it('while it is launched waits for the process', () => {
    const at = drive().to('launching');
    PULL.stop(at);
    expect(at.effects).toEqual([]);
    PULL.launched(at);
    expect(at.effects).toEqual(['end-it']);
  });
  it('by a stop command is not followed by SIGKILL', () => {
    const at = drive().to('running', { stopCommand: 'app stop' });
    PULL['grace-over'](at);
    expect(at.effects).toEqual([]);
  });
});

describe('a welcome', () => {
  it('of an older epoch is closed', () => {
    const at = drive().to('unknown');
    at.welcome(4, 2);
    expect(at.effects).toEqual(['close']);
    expect(at.state.link).toEqual({ id: 1, epoch: 5 });
  });
  it('that has more news than were ever made halts the agent: its disk was put back', () => {
    const at = drive();
    at.welcome(5, 1, 1);
    expect(at.effects).toEqual(['halt']);
  });
});

it('tasks that are the same again are not written again', () => {
  const at = drive().to('unknown');
  const tasks: ToAgent = {
    ...{ say: 'tasks', epoch: 5, version: 1 },
    tasks: [{ kind: 'windows-event', id: 'w', logs: ['System'], query: '*' }],
  };
  at.hear(tasks);
  expect(at.kept).toEqual(['tasks']);
  at.restart();
  at.welcome(6);
  at.hear({ ...tasks, epoch: 6, version: 2 });
  expect([at.kept, at.effects]).toEqual([[], ['tasks']]);
});

it('what is due next is the first of all deadlines', () => {
  const at = drive().to('noted');
  expect(nextDueMs(at.state, at.nowMs)).toBe(at.nowMs + 5_000);
});
