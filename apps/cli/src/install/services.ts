import { execFile } from 'node:child_process';
import type { NodeConfig } from '@yosugara/protocol';

/** systemd's units of a node. */
export const UNITS = {
  controller: 'yosugara-controller.service',
  receiver: 'yosugara-receiver.service',
  /** Answers joins on the first server, and waits for the others on who has joined; ends when the cluster is whole. */
  forming: 'yosugara-forming.service',
} as const;

export interface Services {
  /** @returns null, or why not, in one line. */
  readonly enable: (units: readonly string[]) => Promise<string | null>;
  readonly disable: (units: readonly string[]) => Promise<string | null>;
}

export function unitsOf(config: Pick<NodeConfig, 'node' | 'cluster'>): readonly string[] {
  const kind = config.cluster.members.find((member) => member.id === config.node)?.kind;
  return kind === 'data' ? [UNITS.controller, UNITS.receiver] : [UNITS.controller];
}

const DEADLINE_MS = 60_000;

/** By `systemctl`. Starting does not wait: a controller is ready when it speaks with the others. */
export const SYSTEMD: Services = {
  enable: (units) => systemctl('enable', '--now', '--no-block', ...units),
  disable: (units) => systemctl('disable', ...units),
};

/** Nothing is started; somebody else does it. */
export const NO_SERVICES: Services = { enable: async () => null, disable: async () => null };

function systemctl(...args: readonly string[]): Promise<string | null> {
  return new Promise((resolve) =>
    execFile('systemctl', [...args], { timeout: DEADLINE_MS }, (error, _out, err) => {
      if (error === null) return resolve(null);
      const said = err.trim().split('\n').at(-1);
      resolve(`systemctl ${args.join(' ')}: ${said === undefined || said === '' ? error.message : said}`);
    }),
  );
}
