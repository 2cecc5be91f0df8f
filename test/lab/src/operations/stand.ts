import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type MonitorBody, MonitorBodySchema } from '@yosugara/protocol';
import type { DaemonOptions, Daemons, TestCertificate } from '@yosugara/testkit';
import type { LabCluster, SettingDocument } from '../cluster/cluster.js';
import type { DataName } from '../cluster/layout.js';
import { WORKSPACE } from '../host/assets.js';
import type { ManagedHost } from './managed-host.js';

/** One monitor, and what it looks at. */
export interface Watched {
  readonly id: string;
  /** Of the monitor's setting, without what all have in common. */
  readonly body: { readonly type: string } & Readonly<Record<string, unknown>>;
  /** A node. */
  readonly facility: string;
  /** Debian's; '' = it is of this project. */
  readonly package: string;
  readonly daemon: string;
  /** How long one look may take, where the node says it and not the monitor. */
  readonly waits?: string;
  /** It is well again without anybody's doing: a count of lines, at the next look. */
  readonly passes?: true;
}

/** Something real that is there, is not there, and is there again. */
export interface Stand {
  readonly watched: readonly Watched[];
  /** What is needed besides, such as monitors whose values others look at. */
  readonly settings?: readonly SettingDocument[];
  /** Others are looked at through it: it ends when their end was seen. */
  readonly isAsked?: true;
  /** It is not asked, it says something: the first time when all that is asked is known to be well. */
  readonly isHeard?: true;
  down(): Promise<void>;
  up(): Promise<void>;
}

export interface StandPlace {
  readonly host: ManagedHost;
  readonly cluster: LabCluster;
  readonly master: DataName;
  readonly certificate: TestCertificate;
}

export interface StandKind {
  readonly name: string;
  start(place: StandPlace): Promise<Stand>;
}

/** Of the host that the daemons are on. */
export const WATCHED_NODE = 'watched';
/** Whether it answers is what is looked at here, not how soon: the machine is everybody's. */
export const ANY = { info: [null, null], warning: [null, null] };
export const rule = (pattern: string, priority: string) => ({ pattern, priority, message: '#[LOG_LINE]' });
/** What is good, and all else is critical. */
export const rules = (good: string) => [{ pattern: good, priority: 'info' }, rule('.*', 'critical')];

export const watch = (id: string, daemon: string, from: string, body: Watched['body'], facility = WATCHED_NODE): Watched => ({
  ...{ id, daemon, package: from, body, facility },
});

/** As the manager will read it. */
export const bodyOf = ({ body, facility }: Watched): MonitorBody => MonitorBodySchema.parse({ ...body, facility });

/** Its daemons end and are started again as they were. */
export function standOf(daemons: Daemons, watched: readonly Watched[], more: Partial<Stand> = {}): Stand {
  let ended: readonly DaemonOptions[] = [];
  return {
    ...{ watched, ...more },
    down: async () => {
      ended = await daemons.endAll();
    },
    up: async () => {
      for (const options of ended) await daemons.start(options);
    },
  };
}

/** As dpkg has it, or as it was unpacked beside the system; `?` when nobody knows of it. */
export function versionOf(name: string): string {
  const beside = join(WORKSPACE, '.yosugara/tools', name, `${name}.version`);
  const unpacked = existsSync(beside) ? readFileSync(beside, 'utf8').trim() : '?';
  try {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg fills it in.
    const args = ['-W', '-f', '${Version}', name];
    // Of one that it has only heard of it says nothing.
    return execFileSync('dpkg-query', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }) || unpacked;
  } catch {
    return unpacked;
  }
}
