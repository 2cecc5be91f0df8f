import type { Varbind } from '../events/record.js';
import { SNMP_TRAP_OID, SYS_UP_TIME } from '../events/trap-pdu.js';
import type { MibStore, NamedVarbind } from './store.js';

/** A notification as a person reads it. */
export interface TrapReading {
  /** `linkDown ifIndex[3]=3 ifOperStatus[3]=down(2)` */
  readonly text: string;
  /** One for each varbind. */
  readonly varbinds: readonly NamedVarbind[];
}

/** Of one trap. Formatting by a hint can make a text many times as long as what was sent. */
const MAX_READ = 65_536;

/**
 * With names, labels and formatted values of `mibs`; what has no name stays an OID. Never fails.
 *
 * @param varbinds as rows keep them: sysUpTime.0 and snmpTrapOID.0 come first. The first is no part of the text, the second is its head.
 */
export function trapReading(varbinds: readonly Varbind[], mibs: MibStore): TrapReading {
  const named: NamedVarbind[] = [];
  const parts: string[] = [];
  let length = 0;
  for (const [at, varbind] of varbinds.entries()) {
    const read = length < MAX_READ ? mibs.describe(varbind) : asItCame(varbind);
    named.push(read);
    if (at === 0 && varbind.oid === SYS_UP_TIME) continue;
    const part = at === 1 && varbind.oid === SNMP_TRAP_OID ? read.value : `${read.name}=${read.value}`;
    length += part.length;
    parts.push(part);
  }
  return { text: parts.join(' '), varbinds: named };
}

const asItCame = ({ oid, value }: Varbind): NamedVarbind => ({ name: oid, module: null, value, units: null });
