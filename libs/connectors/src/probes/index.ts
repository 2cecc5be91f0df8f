import type { PatternPort } from '@yosugara/operations';
import type { MonitorOf } from '@yosugara/protocol';
import type { Probe } from '@yosugara/runtime';
import { systemAuthorities } from './authorities.js';
import { type AgentsPort, agentAliveFamily } from './families/agents.js';
import { type CurrentAuthorities, type Family, FamilyProbe } from './families/family.js';
import { pingFamily, portFamily } from './families/network.js';
import { snmpFamily } from './families/snmp.js';
import { sqlFamily } from './families/sql.js';
import { jmxFamily, webFamily } from './families/web.js';
import { single } from './look.js';
import type { PingerOptions } from './ping/pinger.js';
import { checkService, type WindowsPort } from './windows.js';

export type { AgentsPort } from './families/agents.js';
export {
  fitsWindowsEvent,
  type ServiceState,
  type WindowsEvent,
  type WindowsEventFilter,
  type WindowsPort,
  windowsEventLine,
} from './windows.js';

export interface ProbesOptions {
  readonly patterns: PatternPort;
  /** In numbers, of a name of the MIB store such as `ifInOctets.3`; null = it knows none. */
  readonly oidOf?: (name: string) => string | null;
  /** PEM of the authorities that certificates are checked with, as it is now. Missing: Node's and the system's. */
  readonly authorities?: CurrentAuthorities;
  /** null = there is no agent on Windows: those monitors are served by nobody. */
  readonly windows?: WindowsPort | null;
  /** null = none can be asked. */
  readonly agents?: AgentsPort | null;
  readonly ping?: PingerOptions;
}

/** All that reaches out from here. Whoever has them closes them. */
export function createProbes(options: ProbesOptions): readonly Probe[] {
  const { patterns, oidOf, windows = null, agents = null, authorities = systemAuthorities } = options;
  const families: readonly Family[] = [
    pingFamily(options.ping),
    portFamily(authorities),
    webFamily(patterns, authorities),
    jmxFamily(authorities),
    snmpFamily({ patterns, oidOf, agents }),
    sqlFamily(authorities),
    ...(windows === null ? [] : [windowsFamily(windows)]),
    ...(agents === null ? [] : [agentAliveFamily(agents)]),
  ];
  return families.map((family) => new FamilyProbe(family));
}

const windowsFamily = (port: WindowsPort): Family => ({
  types: ['windows-service'],
  concurrency: 50,
  look: async (look, request) => {
    const { service } = request.check as MonitorOf<'windows-service'>['check'];
    return single(await checkService(look, port, request.facility, service));
  },
});
