import { invariant, type Log, SILENT_LOG } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';
import type { VipDriver } from '@yosugara/runtime';
import type { AnnouncerTimes } from './announcer.js';
import { BindDriver } from './bind.js';
import { IpDriver } from './ip.js';
import { ProgramDriver } from './program.js';
import { commandProgram, ocfProgram } from './program-call.js';

export interface VipOptions {
  readonly log?: Log;
  /** What the drivers `ip` and `ocf` put before its commands, such as `['ip', 'netns', 'exec', 'host-a']`. */
  readonly commandPrefix?: readonly string[];
  readonly times?: AnnouncerTimes;
}

export function createVipDriver(config: NodeConfig, { log = SILENT_LOG, commandPrefix = [], times }: VipOptions = {}): VipDriver {
  const { vip } = config.cluster;
  const self = config.cluster.members.find((member) => member.id === config.node);
  invariant(self !== undefined, 'the node is a member');
  if (vip === undefined || vip.driver === 'none') return new NoDriver();
  if (vip.driver === 'bind') return new BindDriver(config, vip.address, self.address, log);
  if (vip.driver === 'ocf') return new ProgramDriver(ocfProgram(vip, config, commandPrefix), log);
  if (vip.driver === 'command') return new ProgramDriver(commandProgram(vip, config), log);
  const { address, prefixLength } = vip;
  const options = { address, prefixLength, nextTo: self.address, interface: vip.interface ?? null, commandPrefix, log };
  return new IpDriver({ ...options, ...(times === undefined ? {} : { times }) });
}

/** A load balancer polls the status endpoint: there is nothing to move. */
class NoDriver implements VipDriver {
  readonly kind = 'none';
  #told = false;

  async hold(): Promise<void> {
    this.#told = true;
  }
  async release(): Promise<void> {
    this.#told = false;
  }
  async held(): Promise<boolean> {
    return this.#told;
  }
}
