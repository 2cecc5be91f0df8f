import type { Result } from '../monitors/index.js';

/** Monitors of what comes by itself: a line says that something happened, and none says that it is over. */
const OF_LINES: ReadonlySet<string> = new Set(['syslog', 'snmp-trap', 'custom-trap-string', 'log-file', 'windows-event']);
/** What is watched of ourselves has an end; what is said besides (given up, skipped) happened. */
const SELF = 'internal';

/** It happened, and nothing will say that it is over: the next one is another. Else it is a state, and lasts until another is seen. */
export function isOccurrence({ trigger, plugin }: Pick<Result, 'trigger' | 'plugin'>): boolean {
  if (trigger === 'internal') return plugin !== SELF;
  return trigger === 'job' || trigger === 'maintenance' || OF_LINES.has(plugin);
}
