import { HOSTS } from './line-sender.js';
import type { SettingDocument } from './row-cluster.js';
import { RULES_A_MONITOR, rulesOf } from './rules-data.js';

/** 500 rules of 50 monitors, of which the first monitor's tell; every line that one tells is told anew. */
export function lineEstate(more: readonly string[] = []): readonly SettingDocument[] {
  const rules = rulesOf('worded');
  const always = { renotify: { when: 'always' } };
  return [
    { kind: 'scope', id: 'servers', body: { name: 'Servers' } },
    ...Array.from({ length: HOSTS }, (_, n) => ({
      ...{ kind: 'node', id: `web${n}` },
      body: { name: `web${n}`, hostNames: [`web${n}`], scopes: ['servers'] },
    })),
    { kind: 'notification', id: 'events', body: { kind: 'event', ...always } },
    ...Array.from({ length: rules.length / RULES_A_MONITOR }, (_, at) => ({
      ...{ kind: 'monitor', id: `m${at}` },
      body: {
        ...{ type: 'syslog', facility: 'servers', notifications: ['events', ...more] },
        rules: rules.slice(at * RULES_A_MONITOR, (at + 1) * RULES_A_MONITOR).map((rule) => ({ ...rule, message: '#[LOG_LINE]' })),
      },
    })),
  ];
}
