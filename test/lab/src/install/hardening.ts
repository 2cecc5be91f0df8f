import type { Installed } from './installed.js';

const UNITS = ['yosugara-controller', 'yosugara-receiver', 'yosugara-forming', 'yosugara-backup', 'yosugara-agent'];

/** What systemd itself says of each unit; and that nothing of what runs there for good is root's. @throws Error */
export async function hardeningOf({ hosts }: Installed, name: string): Promise<Readonly<Record<string, number>>> {
  const roots = await hosts.in(name, ['sh', '-c', "ps -eo user=,args= | grep '^root .*[/]usr/lib/yosugara/' || true"]);
  if (roots.trim() !== '') throw new Error(`root's on ${name}: ${roots.trim()}`);
  const scores: Record<string, number> = {};
  for (const unit of UNITS) {
    const said = await hosts.in(name, ['systemd-analyze', 'security', '--no-pager', `${unit}.service`]);
    scores[unit] = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(said)?.[1] ?? Number.NaN);
  }
  return scores;
}
