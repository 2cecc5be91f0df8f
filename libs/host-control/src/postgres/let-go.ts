import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeId } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';
import { signal } from '../os/containment.js';
import { titledChildren } from '../os/processes.js';
import type { HostContext } from './context.js';

/** A copy that has everything gets the end of the WAL, too, before anybody looks. */
const GRACE_MS = 300;
/** A sender that was told once says so to its client, and where the line is full it waits for that; told again it goes (ProcessClientWriteInterrupt). */
const AGAIN_MS = 100;

/**
 * A server that is told to stop waits until whoever streams from it has all of the WAL (walsender.c, WalSndDone), and so for a copy in another
 * site that commits never wait for. Where that is behind on a narrow line the stop ends by force when its time is over, and for so long nobody
 * serves. So such a copy is let go; it goes on from where it is with the next Master.
 */
export function letCopiesGo(host: HostContext, names: readonly NodeId[], stopped: Promise<void>): void {
  const postmaster = host.deadMan.postmasterPid();
  const addresses = copiesOf(host.config, names);
  if (postmaster === null || addresses.size === 0) return;
  const over = stopped.then(
    () => true,
    () => true,
  );
  void endSenders(host, postmaster, addresses, over);
}

async function endSenders(host: HostContext, postmaster: number, to: ReadonlySet<string>, over: Promise<boolean>): Promise<void> {
  const told = new Set<number>();
  for (let waitMs = GRACE_MS; !(await Promise.race([over, sleep(waitMs, false)])); waitMs = AGAIN_MS)
    for (const { pid, title } of titledChildren(postmaster)) {
      const address = sentTo(title);
      if (address === null || !to.has(address)) continue;
      if (!told.has(pid)) host.log.info('postgres.copy.let-go', { address });
      told.add(pid);
      signal(pid, 'SIGTERM');
    }
}

function copiesOf({ cluster, node }: NodeConfig, names: readonly string[]): ReadonlySet<string> {
  const copies = cluster.members.filter(({ id, kind }) => kind === 'dr' && id !== node && !names.includes(id));
  return new Set(copies.flatMap(({ address }) => [address, BY_LINE]));
}

/** Who comes by a packed line (`forward/line.ts`): only a copy in another site does. */
const BY_LINE = '[local]';

/** `postgres: yosugara_a: walsender yosugara_replication 192.0.2.4(51234) streaming 0/3000148`, or `[local]` for the address and its port. */
const sentTo = (title: string): string | null => /: walsender \S+ (\[local\]|[^ (]+(?=\(\d+\)))/.exec(title)?.[1] ?? null;
