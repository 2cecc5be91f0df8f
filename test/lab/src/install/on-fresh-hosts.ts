import { join } from 'node:path';
import { explain } from '@yosugara/kernel';
import type { Verdict } from '../check/types.js';
import { WORKSPACE } from '../host/assets.js';
import { monotonicMs, run } from '../host/shell.js';
import type { Timed } from './faults.js';
import { CLIENT, demandTools, HOSTS } from './forms.js';
import { FreshHosts } from './fresh-hosts.js';
import { Installed } from './installed.js';
import { beginLoad, type Gap, judgeLoad, type Loaded } from './load.js';

/** What every story on fresh hosts tells. */
export interface FreshRun {
  readonly ok: boolean;
  readonly why: string;
  /** What took how long. */
  readonly ms: Record<string, number>;
  /** Longest time without an acknowledged write of the worse writer, by what happened. */
  readonly gapsMs: Readonly<Record<string, number | null>>;
  readonly verdict: Verdict | null;
}
export type Found<Run extends FreshRun> = { -readonly [Key in keyof Run]: Run[Key] };
export const NOTHING_YET: FreshRun = { ok: false, why: '', ms: {}, gapsMs: {}, verdict: null };

export interface FreshStage {
  readonly installed: Installed;
  readonly timed: Timed;
  /** A folder with both. */
  readonly packages: string;
  /** Writers and senders, until the story is over. */
  load(master: string): Promise<Loaded>;
  /** Ends them, and fails on what was lost or doubled. */
  judge(load: Loaded, gaps: readonly Gap[]): Promise<void>;
}

export interface FreshWishes {
  readonly scenario: string;
  readonly say: (line: string) => void;
  /** A folder with both packages; null: they are built from what is here. */
  readonly packages: string | null;
  /** The system that all hosts begin with. */
  readonly base: (tools: string) => Promise<string>;
}

/** Three hosts that were never used and one for clients; gone when the story is over, which fills `found`. */
export async function onFreshHosts<Run extends FreshRun>(
  { scenario, say, packages, base }: FreshWishes,
  found: Found<Run>,
  story: (stage: FreshStage) => Promise<void>,
): Promise<Run> {
  const hosts = new FreshHosts();
  const loads: Loaded[] = [];
  try {
    await demandTools(scenario);
    const system = await base(join(WORKSPACE, '.yosugara', 'tools'));
    if (packages === null) {
      say('building the packages');
      await run('node', [join(WORKSPACE, 'tools', 'run.mjs'), 'package'], 900_000);
    }
    await hosts.boot(system, HOSTS);
    await hosts.wire(CLIENT);
    say('three hosts are up');
    const installed = new Installed(hosts);
    await story({
      ...{ installed, timed: timing(found.ms, say), packages: packages ?? join(WORKSPACE, 'dist-packages') },
      load: async (master) => {
        const load = await beginLoad(installed, master, hosts.namespace(CLIENT.name), hosts.dir);
        loads.push(load);
        return load;
      },
      judge: async (load, gaps) => {
        const { verdict, gapsMs } = await judgeLoad(installed, load, gaps);
        Object.assign(found, { verdict, gapsMs });
        if (verdict.violations.length > 0) throw new Error(verdict.violations.join('; '));
      },
    });
    found.ok = true;
  } catch (error) {
    found.why = explain(error);
    say(`failed: ${found.why}`);
    await hosts.keepLogs().then(say, () => undefined);
  } finally {
    for (const { client } of loads) client.kill();
    await hosts.close();
  }
  return found as Run;
}

function timing(ms: Record<string, number>, say: (line: string) => void): Timed {
  return async (what, task) => {
    const beganMs = monotonicMs();
    const result = await task();
    ms[what] = Math.round(monotonicMs() - beganMs);
    say(`${what}: ${ms[what]} ms`);
    return result;
  };
}
