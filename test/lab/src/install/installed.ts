import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Status } from '@yosugara/protocol';
import { query } from '../cluster/sql.js';
import { until } from '../host/shell.js';
import type { FreshHosts } from './fresh-hosts.js';

export const VIP = '10.98.0.10';
export const DATA = ['a', 'b'] as const;
export type DataHost = (typeof DATA)[number];
export const otherHost = (name: string): DataHost => (name === 'a' ? 'b' : 'a');

const STATE = 'var/lib/yosugara/state';
const RUN = 'var/lib/yosugara/data/run';

/** A cluster that was installed, as an operator on one of its hosts, and the lab's judges, look at it. */
export class Installed {
  readonly hosts: FreshHosts;

  constructor(hosts: FreshHosts) {
    this.hosts = hosts;
  }

  secret(name: string, file: string): string {
    return readFileSync(join(this.hosts.rootOf(name), STATE, 'secrets', file), 'utf8').trim();
  }

  /** As the superuser, on that host's own socket. */
  sql<T extends object>(name: string, text: string, deadlineMs?: number): Promise<readonly T[]> {
    const socketDir = join(this.hosts.rootOf(name), RUN);
    return query<T>({ socketDir, port: 5442, password: this.secret(name, 'pg-superuser') }, text, deadlineMs);
  }

  async status(name: string): Promise<Status | null> {
    // It prints the document also when the cluster is not whole, and then ends with 3.
    const text = await this.hosts.in(name, ['sh', '-c', 'yosugara status --json || true'], 30_000).catch(() => '');
    try {
      const found = JSON.parse(text) as Status | { error: unknown };
      return 'nodes' in found ? found : null;
    } catch {
      return null;
    }
  }

  async statusWhere(name: string, what: string, deadlineMs: number, holds: (status: Status) => boolean): Promise<Status> {
    return await until(what, deadlineMs, async () => {
      const status = await this.status(name);
      return status !== null && holds(status) ? status : undefined;
    });
  }

  /** Whoever is Master has the floating address, and nobody else. @throws Error */
  async demandAddress(master: string): Promise<void> {
    for (const name of DATA) {
      if (!this.hosts.isOn(name)) continue;
      const has = (await this.hosts.in(name, ['ip', '-brief', '-4', 'address', 'show', 'dev', 'eth0'])).includes(`${VIP}/`);
      if (has !== (name === master))
        throw new Error(`${name} ${has ? 'has' : 'has not'} the floating address; ${master} is Master`);
    }
  }

  /** A property of a unit as systemd says it. */
  async unit(name: string, unit: string, property: string): Promise<string> {
    return (await this.hosts.in(name, ['systemctl', 'show', '--value', '-p', property, unit])).trim();
  }
}

export const isWhole = (status: Status): boolean => status.nodes.every(({ syncSet }) => syncSet);
export const serves = (status: Status, name: string): boolean =>
  status.master === name && status.nodes.some((node) => node.name === name && node.role.startsWith('MASTER'));
