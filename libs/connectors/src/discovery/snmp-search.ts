import { explain } from '@yosugara/kernel';
import { communityOf, type SnmpAccess } from '@yosugara/protocol';
import { Look, ProbeFailure } from '../probes/look.js';
import { SnmpClient, type SnmpTarget } from '../probes/snmp/client.js';
import { textOf } from '../probes/snmp/value.js';

/** SNMPv2-MIB, system group. */
const SYSTEM = { description: '1.3.6.1.2.1.1.1.0', objectId: '1.3.6.1.2.1.1.2.0', name: '1.3.6.1.2.1.1.5.0' } as const;
const AT_ONCE = 64;

export interface FoundAgent {
  readonly address: string;
  readonly name: string;
  readonly description: string;
  readonly objectId: string;
}

export interface SnmpSearchResult {
  readonly found: readonly FoundAgent[];
  /** Addresses that were not asked before the time was up. */
  readonly left: number;
  /** What some address answered that is no agent's answer, such as a refusal of the user; the first of them. */
  readonly trouble: string | null;
}

/** Asks each address who it is. Who does not answer is no agent. @param deadlineMs of all of it. */
export async function searchSnmp(
  addresses: readonly string[],
  access: SnmpAccess,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<SnmpSearchResult> {
  const client = new SnmpClient();
  const look = new Look(deadlineMs, signal);
  const found: FoundAgent[] = [];
  const waiting = [...addresses];
  let trouble: string | null = null;
  const work = async () => {
    for (let address = waiting.shift(); address !== undefined; address = waiting.shift()) {
      const target = targetOf(address, access);
      const patienceMs = target.timeoutMs * (target.retries + 1) + 1_000;
      try {
        const values = await look.part(patienceMs, async (part) => await client.get(part, target, Object.values(SYSTEM)));
        const said = (oid: string) => {
          const value = values.get(oid);
          return value === undefined ? '' : textOf(value).trim();
        };
        found.push({ address, name: said(SYSTEM.name), description: said(SYSTEM.description), objectId: said(SYSTEM.objectId) });
      } catch (error) {
        if (!(error instanceof ProbeFailure)) throw error;
        if (look.leftMs === 0) return void waiting.unshift(address);
        if (!/did not answer|nobody|refused|no answer within/.test(error.message)) trouble ??= explain(error);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, addresses.length) }, work));
  } finally {
    look.close();
    client.close();
  }
  return {
    found: found.sort((a, b) => addresses.indexOf(a.address) - addresses.indexOf(b.address)),
    left: waiting.length,
    trouble,
  };
}

function targetOf(host: string, snmp: SnmpAccess): SnmpTarget {
  const { port, timeoutMs, retries, version } = snmp;
  const user = {
    ...{ name: snmp.user, level: snmp.level, auth: snmp.auth, priv: snmp.priv },
    ...{ authPassphrase: snmp.authSecret ?? '', privPassphrase: snmp.privSecret ?? '' },
  };
  const how = version === 'v3' ? ({ version, user } as const) : ({ version, community: communityOf(snmp) } as const);
  return { host, port, timeoutMs, retries, access: how };
}
