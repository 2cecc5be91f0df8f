import { randomBytes } from 'node:crypto';
import { label, type Target } from '../dial.js';
import { type Look, ProbeFailure } from '../look.js';
import { askUdp } from '../udp.js';

const PACKET_BYTES = 48;
const CLIENT = 3;
const SERVER = 4;
const VERSION = 4;
/** Where the fields stand (RFC 4330 section 4). */
const AT = { stratum: 1, reference: 12, originate: 24, transmit: 40 } as const;

export interface NtpAnswer {
  readonly stratum: number;
}

/**
 * One question of SNTP and the checks of RFC 4330 section 5: it is the answer to what was asked, and the server's clock is set.
 * In place of our time stands a number that nobody can guess (allowed there: the server only repeats it), which a forger does not know.
 *
 * @throws ProbeFailure
 */
export async function askNtp(look: Look, target: Target): Promise<NtpAnswer> {
  const packet = Buffer.alloc(PACKET_BYTES);
  packet[0] = (VERSION << 3) | CLIENT;
  const cookie = randomBytes(8);
  cookie.copy(packet, AT.transmit);
  return await askUdp(look, target, 'the time', { packet, read: (answer) => readNtp(answer, cookie, label(target)) });
}

/** @returns null when it answers something else. @throws ProbeFailure */
export function readNtp(answer: Uint8Array, cookie: Uint8Array, where: string): NtpAnswer | null {
  const bytes = Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength);
  if (bytes.length < PACKET_BYTES) throw new ProbeFailure(`${where} does not speak NTP: it answered ${bytes.length} bytes`);
  const [leap, version, mode] = [bytes[0]! >> 6, (bytes[0]! >> 3) & 7, bytes[0]! & 7];
  if (mode !== SERVER) throw new ProbeFailure(`${where} does not answer as a server of NTP: its mode is ${mode}`);
  if (!bytes.subarray(AT.originate, AT.originate + 8).equals(cookie)) return null;
  if (version < 1 || version > VERSION) throw new ProbeFailure(`${where} answers with version ${version} of NTP`);
  const stratum = bytes[AT.stratum]!;
  // RFC 4330 section 8: a kiss-o'-death packet says why in the reference.
  if (stratum === 0) {
    const kiss = bytes.toString('latin1', AT.reference, AT.reference + 4).replace(/[^A-Z0-9]/g, '');
    if (kiss !== '') throw new ProbeFailure(`${where} refuses to tell the time: ${kiss}`);
  }
  if (leap === 3 || stratum === 0 || stratum > 15) throw new ProbeFailure(`${where} says that its clock is not set`);
  if (bytes.subarray(AT.transmit, AT.transmit + 8).every((byte) => byte === 0))
    throw new ProbeFailure(`${where} answers without the time`);
  return { stratum };
}
