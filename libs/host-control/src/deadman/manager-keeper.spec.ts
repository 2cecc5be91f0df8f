import { type Log, SILENT_LOG } from '@yosugara/kernel';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ManagerKeeper } from './manager-keeper.js';
import type { SpawnSpec } from './protocol.js';

const spec = { argv: ['manager'], env: {}, cwd: '/', logFile: '/dev/null' };
const clock = { monotonicMs: () => performance.now(), wallMs: () => Date.now() };
const ended = (pid: number) => ({ pid, code: null, signal: 'SIGKILL' });

let said: string[];
let done: string[];
let refusal: string | null;
let nextPid: number;
let keeper: ManagerKeeper;

beforeEach(() => {
  vi.useFakeTimers();
  [said, done, refusal, nextPid] = [[], [], null, 100];
  const log: Log = { ...SILENT_LOG, error: (event) => void said.push(event), warn: (event) => void said.push(event) };
  keeper = new ManagerKeeper(spec, clock, log, {
    spawn: async (given: SpawnSpec) => {
      if (refusal !== null) throw new Error(refusal);
      done.push(`spawn serves=${given.serves}`);
      nextPid += 1;
      return nextPid;
    },
    stop: async (mode) => {
      done.push(`stop ${mode}`);
      return true;
    },
  });
});
afterEach(() => {
  keeper.close();
  vi.useRealTimers();
});

describe('a manager on a host that goes down', () => {
  it('is not started again when it ends, and can still be stopped', async () => {
    keeper.want(true);
    await vi.advanceTimersByTimeAsync(1);
    keeper.leave();
    keeper.exited(ended(101));
    keeper.restart('it said nothing for 3 s');
    await vi.advanceTimersByTimeAsync(20_000);
    expect(done).toEqual(['spawn serves=false']);
    keeper.want(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(done).toEqual(['spawn serves=false', 'stop fast']);
    expect(said).toEqual([]);
  });
});

describe('a manager that does not answer', () => {
  it('is killed with all its processes, and started again at once', async () => {
    keeper.want(true);
    await vi.advanceTimersByTimeAsync(10);
    keeper.restart('3 s of silence');
    await vi.advanceTimersByTimeAsync(10);
    expect(done).toEqual(['spawn serves=false', 'stop kill', 'spawn serves=false']);
    expect(keeper.pid()).toBe(102);
    keeper.exited(ended(101)); // The news of the old one's end is late, and is not that of the new one.
    await vi.advanceTimersByTimeAsync(60_000);
    expect(done).toHaveLength(3);
    expect(keeper.pid()).toBe(102);
  });

  it('is not started when none is wanted', async () => {
    keeper.restart('3 s of silence');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(done).toEqual([]);
  });
});

describe('a start that is refused', () => {
  it('is tried for as long as it is wanted, more and more slowly, and said once', async () => {
    refusal = 'a manager process is still there';
    keeper.want(true);
    await vi.advanceTimersByTimeAsync(180_000);
    expect(said).toEqual(['manager.step']);
    refusal = 'another reason';
    await vi.advanceTimersByTimeAsync(8_000);
    expect(said).toEqual(['manager.step', 'manager.step']);
    refusal = null;
    await vi.advanceTimersByTimeAsync(8_000);
    expect(keeper.pid()).not.toBeNull();
  });
});
