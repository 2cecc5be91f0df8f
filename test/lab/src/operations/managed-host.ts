import { Daemons } from '@yosugara/testkit';
import type { LabCluster } from '../cluster/cluster.js';
import type { NetworkPlace } from '../host/network.js';
import { run, tryRun } from '../host/shell.js';

/** A host on the lab's wire that is no part of the cluster: a network namespace, in which Debian's own daemons run. */
export class ManagedHost {
  readonly place: NetworkPlace;
  readonly #cluster: LabCluster;
  readonly #daemons: Daemons[] = [];

  private constructor(cluster: LabCluster, place: NetworkPlace) {
    this.#cluster = cluster;
    this.place = place;
  }

  static async attach(cluster: LabCluster, place: NetworkPlace): Promise<ManagedHost> {
    await cluster.network.attach(place);
    return new ManagedHost(cluster, place);
  }

  /** For daemons that listen at its address; each gets a folder of its own. */
  daemons(name: string): Daemons {
    const inside = ['nsenter', `--net=/run/netns/${this.#cluster.network.namespace(this.place.name)}`];
    const made = new Daemons(`lab-${name}`, { address: this.place.address, inside });
    this.#daemons.push(made);
    return made;
  }

  /** All processes there, as if its power had been cut. */
  async killAll(): Promise<number> {
    const pids = (await run('ip', ['netns', 'pids', this.#cluster.network.namespace(this.place.name)]))
      .split(/\s+/)
      .filter(Boolean);
    for (const pid of pids) await tryRun('kill', ['-KILL', pid]);
    return pids.length;
  }

  /** Safe to call twice. */
  async detach(): Promise<void> {
    for (const daemons of this.#daemons.splice(0)) await daemons.stop();
    await this.#cluster.network.detach(this.place.name);
  }
}
