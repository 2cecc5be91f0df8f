import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startRsyslog, startSmtpAt } from '@yosugara/testkit';
import { NODE } from '../host/assets.js';
import type { ManagedHost } from './managed-host.js';

/** Settings name these, so they are the same in each run. */
export const SINK_PORTS = { smtp: 2_525, syslog: 5_140, rest: 8_000, flapping: 9_000 } as const;
const FLAPS_EVERY_MS = 13_000;
const script = (name: string): string => fileURLToPath(new URL(`${name}.js`, import.meta.url));

/** Whom notifications tell: real daemons, which write down what they took. */
export interface Sinks {
  /** Ids of what was taken, as often as it was, by notification. */
  taken(): ReadonlyMap<string, readonly string[]>;
}

/** aiosmtpd, rsyslogd and an HTTP server of Node's; and a service that is not always there. */
export async function startSinks(host: ManagedHost): Promise<Sinks> {
  const box = await startSmtpAt(host.daemons('smtp'), SINK_PORTS.smtp);
  const input = `module(load="imtcp")\ninput(type="imtcp" address="${host.place.address}" port="${SINK_PORTS.syslog}")`;
  const lines = await startRsyslog(host.daemons('rsyslog'), input, SINK_PORTS.syslog);
  const web = host.daemons('rest');
  const file = join(web.dir, 'ids');
  const args = [script('rest-sink'), host.place.address, String(SINK_PORTS.rest), file];
  await web.start({ program: NODE, args, ready: SINK_PORTS.rest });
  await web.start({
    program: NODE,
    args: [script('flapping'), host.place.address, String(SINK_PORTS.flapping), String(FLAPS_EVERY_MS)],
    ready: SINK_PORTS.flapping,
  });
  return {
    taken: () => {
      const all = [
        ...box.mails().map((mail) => /^X-Yosugara-Id:\s+(\S+)/im.exec(mail)?.[1]),
        ...lines().map((line) => /\[yosugara@\d+ id="([^"]+)"/.exec(line)?.[1]),
        ...(existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []),
      ];
      const byNotification = new Map<string, string[]>();
      for (const id of all) {
        if (id === undefined) throw new Error('somebody was told something without an id');
        const notification = id.slice(id.lastIndexOf('/') + 1);
        byNotification.set(notification, [...(byNotification.get(notification) ?? []), id]);
      }
      return byNotification;
    },
  };
}
