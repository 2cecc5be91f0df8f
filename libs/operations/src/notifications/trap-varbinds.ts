import { PRIORITIES } from '@yosugara/protocol';
import type { TrapPayload } from './payload.js';
import type { Told } from './told.js';

/** `yosugara` of docs/mibs/YOSUGARA-MIB.txt: below the enterprise number for documentation (RFC 5612). */
export const YOSUGARA_OID = '1.3.6.1.4.1.32473.8162';
/** `yosugaraResult` */
export const RESULT_TRAP_OID = `${YOSUGARA_OID}.0.1`;

export interface TrapVarbind {
  readonly oid: string;
  readonly type: 'OctetString' | 'Integer';
  readonly value: string | number;
}

/** The objects of `yosugaraResult`, in the order of the MIB. */
export function trapVarbinds({ message, scope }: TrapPayload, told: Told): readonly TrapVarbind[] {
  const { result } = told;
  const texts = [
    result.monitor,
    result.plugin,
    result.facility,
    scope,
    result.item,
    result.application,
    message,
    result.original,
  ];
  const values = [
    told.id,
    PRIORITIES.indexOf(result.priority) + 1,
    ...texts,
    new Date(result.atMs).toISOString(),
    told.notification,
  ];
  return values.map((value, at) => ({
    oid: `${YOSUGARA_OID}.1.${at + 1}.0`,
    type: typeof value === 'number' ? 'Integer' : 'OctetString',
    // A datagram has to hold all of it: SnmpAdminString's 255 bytes each, and of the message and its original a little more.
    value: typeof value === 'number' ? value : clipped(value, at === 8 || at === 9 ? 1_000 : 255),
  }));
}

/** By bytes of UTF-8, between characters. */
function clipped(text: string, maxBytes: number): string {
  let bytes = 0;
  let end = 0;
  for (const char of text) {
    const code = char.codePointAt(0)!;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (bytes > maxBytes) return text.slice(0, end);
    end += char.length;
  }
  return text;
}
