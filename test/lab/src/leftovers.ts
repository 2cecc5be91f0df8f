import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { removeCgroup } from './host/host.js';
import { run, tryRun } from './host/shell.js';

/** Everything that a lab makes outside its folder begins with this. */
export const labPrefix = (pid: number): string => `ysg-${pid}`;
export const labDir = (pid: number): string => `/tmp/yosugara-lab-${pid}`;

/** Process 1 of a host ends with its lab (its standard input ends), so only names are left after a kill -9 of the lab. */
export async function removeLeftovers(): Promise<void> {
  const netns = (await run('ip', ['netns'])).split('\n').map((line) => line.split(' ')[0] ?? '');
  for (const name of netns) if (isDead(/^ysg-(\d+)-/.exec(name))) await tryRun('ip', ['netns', 'del', name]);
  for (const parent of ['/sys/fs/cgroup/unified', '/sys/fs/cgroup', '/sys/fs/cgroup/freezer'].filter((at) => existsSync(at)))
    for (const name of readdirSync(parent)) if (isDead(/^ysg-(\d+)-/.exec(name))) await removeCgroup(`${parent}/${name}`);
  for (const name of readdirSync('/tmp'))
    if (isDead(/^yosugara-lab-(\d+)$/.exec(name))) await rm(`/tmp/${name}`, { recursive: true, force: true });
}

/** A pid may belong to somebody else by now: only a process that runs the lab counts as alive. */
function isDead(found: RegExpExecArray | null): boolean {
  if (found === null) return false;
  try {
    return !readFileSync(`/proc/${found[1]}/cmdline`, 'utf8').includes('lab');
  } catch {
    return true;
  }
}
