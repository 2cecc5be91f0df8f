import { SILENT_LOG } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';
import { ControllerDriver, controllerConfig, type DriverPorts } from '@yosugara/runtime';
import { CLOCK } from './testbed.js';

const NO_VIP: NonNullable<DriverPorts['host']>['vip'] = {
  kind: 'none',
  hold: async () => {},
  release: async () => {},
  held: async () => false,
};

/** The controller of a real host that reaches no partner and keeps nothing on disk: nothing is decided, what runs here is watched. */
export function secludedController(
  config: NodeConfig,
  host: Pick<NonNullable<DriverPorts['host']>, 'deadMan' | 'postgres'> & Partial<NonNullable<DriverPorts['host']>>,
  onFatal: (why: string) => void = () => {},
): ControllerDriver {
  const { cluster } = config;
  return new ControllerDriver(
    {
      ...{ clock: CLOCK, random: { next: () => 0.5 }, log: SILENT_LOG, peers: new Map(), pid: process.pid },
      disk: { load: () => Promise.reject(), persist: async () => {}, renew: async () => 'i2', close: async () => {} },
      mailbox: { start: async () => {}, send: () => {}, onMessage: () => {}, links: () => [], stop: async () => {} },
      host: { vip: NO_VIP, ...host },
      onNotice: () => {},
      onFatal,
    },
    controllerConfig(config, `${config.node}1`),
    { clusterId: cluster.id, profile: cluster.profile, members: cluster.members, vip: cluster.vip ?? null },
    { hardState: { term: 0, votedFor: null }, snapshot: null, entries: [] },
  );
}
