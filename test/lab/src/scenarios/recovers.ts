import { setTimeout as delay } from 'node:timers/promises';
import type { RecoverPhase } from '@yosugara/protocol';
import { monotonicMs } from '../host/shell.js';
import { powerOff, shell } from './means.js';
import { type Scenario, type Stage, scenario } from './types.js';

/** What the node comes back from; `script` damages its disks while nothing runs. */
const CAUSES: readonly {
  readonly name: string;
  readonly on: 'master' | 'standby';
  readonly script: string;
  readonly phases: readonly RecoverPhase[];
}[] = [
  { name: 'crashed', on: 'standby', script: 'true', phases: ['preflight', 'decide', 'start', 'join'] },
  { name: 'diverged', on: 'master', script: 'true', phases: ['quiesce', 'prepare', 'rewind', 'start', 'join'] },
  { name: 'pgdata-wiped', on: 'standby', script: 'rm -rf "$DATA"/pgdata', phases: ['prepare', 'rebuild', 'start', 'join'] },
  { name: 'log-wiped', on: 'standby', script: 'rm -rf "$STATE"/raft', phases: ['consensus', 'decide', 'join'] },
  {
    name: 'log-damaged',
    on: 'standby',
    phases: ['consensus', 'start'],
    script:
      'for f in "$STATE"/raft/*; do [ -f "$f" ] && printf XXXX | dd of="$f" bs=1 seek=$(( $(stat -c %s "$f") / 2 )) conv=notrunc 2>/dev/null; done; true',
  },
];
const HOW = ['the controller is killed', 'the host loses its power'];
const PHASE_DEADLINE_MS = 30_000;

/** Starts a recover and interrupts it as soon as the returning node is in the phase (or past it: a phase may be shorter than a look). */
async function interruptAt(stage: Stage, phase: RecoverPhase): Promise<void> {
  const { cluster, target, other } = stage;
  const host = cluster.hosts[target];
  const endMs = monotonicMs() + PHASE_DEADLINE_MS;
  await cluster.statusWhere(other, `${target} heard again`, 45_000, (status) =>
    status.nodes.some((node) => node.name === target && node.reachable),
  );
  cluster.yosugara(other, ['recover'], 60_000).catch(() => {});
  let seen = 'none';
  while (monotonicMs() < endMs) {
    const status = await cluster.status(target).catch(() => null);
    const progress = status?.nodes.find((node) => node.name === target)?.recover;
    if (progress?.state === 'running') seen = progress.phase;
    if (progress?.phase === phase || progress?.state === 'done') break;
    await delay(5);
  }
  stage.say(`interrupted: ${stage.variant}; wanted ${phase}, newest phase seen ${seen}`);
  if (stage.variant === HOW[1]) {
    await host.powerOff();
    await cluster.powerOn(target);
  } else host.kill('KILL', host.pidOf('controller') ?? 0);
  await delay(3_000);
}

/** `recover` is cut short in a phase, by both ways, then run again: it converges (S14). */
export const RECOVERS: readonly Scenario[] = CAUSES.flatMap((cause) =>
  cause.phases.map((phase) =>
    scenario({
      name: `recover-${cause.name}-killed-at-${phase}`,
      pattern: `recover interrupted at ${phase}, cause: ${cause.name}`,
      why: 'run again, it converges, and the Master’s data was not touched',
      on: cause.on,
      expect: cause.on === 'master' ? 'other-serves' : 'goes-on',
      variants: HOW,
      methods: ['follow', 'rewind', 'basebackup'],
      fault: powerOff,
      repair: async (stage) => {
        const { cluster, target } = stage;
        await cluster.hosts[target].boot();
        await shell(cluster, target, cause.script);
        cluster.startServices(target);
        await interruptAt(stage, phase);
      },
    }),
  ),
);
