import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandLine, isAlive } from '../os/processes.js';
import { Keeper } from './keeper.js';
import type { DeadManSetup, FromDeadMan, SpawnSpec } from './protocol.js';

const marker = `YOSUGARA_HELD_BY=keeper-spec/${process.pid}`;
const setup = { useGroups: false, groupName: 'none', postgres: null, managerMarker: marker, vipMarker: `${marker}-vip` };
let folder: string;
let keeper: Keeper;
let spec: SpawnSpec;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'yosugara-keeper-'));
  keeper = new Keeper(setup as DeadManSetup, () => {});
  const env = { PATH: '/usr/bin:/bin' };
  spec = { argv: ['sleep', '600'], env, cwd: '/', logFile: join(folder, 'log'), serves: true };
});
afterEach(async () => {
  await keeper.killEverything();
  rmSync(folder, { recursive: true, force: true });
});

function order(what: object): Promise<FromDeadMan> {
  return new Promise((resolve) => void keeper.obey({ id: 1, ...what } as never, resolve));
}

describe('what the dead man holds', () => {
  it('is not touched by the end of the life before it, however soon after it is started', async () => {
    const first = (await order({ spawn: 'manager', ...spec })) as { pid: number };
    while (!commandLine(first.pid).startsWith('sleep')) await sleep(2);
    process.kill(first.pid, 'SIGKILL');
    // Not a turn of the event loop in between: that it ended is heard only after the next life was asked for.
    while (isAlive(first.pid));
    const second = (await order({ spawn: 'manager', ...spec })) as { pid: number };
    await sleep(50); // The kill that follows an end looks twice, 4 ms apart.
    expect(second).toHaveProperty('pid');
    expect(isAlive(second.pid)).toBe(true);
  });

  it.each([
    ['everything', () => keeper.killEverything()],
    ['its kind', () => order({ stop: 'manager', mode: 'kill', budgetMs: 0 })],
  ])(
    'begins only when the kill of %s is over: nobody is started between the last look and the word that all is gone',
    async (_, kill) => {
      const heard: string[] = [];
      const killed = kill().then(() => heard.push('killed'));
      // No server: a standby is started though the lease has ended.
      const started = order({ spawn: 'manager', ...spec, serves: false }).then((answer) => {
        heard.push('started');
        return answer as { pid: number };
      });
      await killed;
      const { pid } = await started;
      expect(heard).toEqual(['killed', 'started']);
      expect(isAlive(pid)).toBe(true);
    },
  );

  it('is refused while a process of its kind lives', async () => {
    await order({ spawn: 'manager', ...spec });
    expect(await order({ spawn: 'manager', ...spec })).toMatchObject({ refused: 'a manager process is still there' });
  });
});
