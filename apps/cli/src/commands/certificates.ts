import { setTimeout as delay } from 'node:timers/promises';
import { type CertificatesAnswer, CertificatesAnswerSchema, RotationAnswerSchema } from '@yosugara/protocol';
import type { Ask, Controllers } from '../control/client.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { type Paint, printable, table } from '../output/terminal.js';
import { CommandFailedError } from './follow.js';

/** Keys are made and files written at each member, one after the other. */
const DEADLINE_MS = 300_000;
const AGAIN_MS = 2_000;
const DAY_MS = 24 * 3_600_000;
/** From here on a line is red: whatever renews has not done so. */
const LATE_DAYS = 30;

export async function certificates(controllers: Controllers): Promise<CertificatesAnswer> {
  return await change(controllers, { method: 'certificates' });
}

export async function change(controllers: Controllers, ask: Ask): Promise<CertificatesAnswer> {
  return CertificatesAnswerSchema.parse(await controllers.command(ask, DEADLINE_MS));
}

export interface Rotating {
  readonly leaveAgents: boolean;
  readonly timeoutMs: number;
  readonly note: (line: string) => void;
  readonly stop: AbortSignal;
}

/** Step by step until it is done. Whatever ends it, the same command goes on from there. */
export async function rotate(
  controllers: Controllers,
  { leaveAgents, timeoutMs, note, stop }: Rotating,
): Promise<CertificatesAnswer> {
  const untilMs = performance.now() + timeoutMs;
  let said = '';
  for (let begin = true; ; begin = false) {
    const answer = await controllers.command({ method: 'rotateAuthority', begin, leaveAgents }, DEADLINE_MS);
    const { step, says } = RotationAnswerSchema.parse(answer);
    if (step === 'done') return await certificates(controllers);
    if (says !== said) note(says);
    said = says;
    if (step !== 'agents') continue;
    if (performance.now() > untilMs || stop.aborted)
      throw new CommandFailedError('WAITING', `${says}. All members trust both authorities: ask again, or --leave-agents`);
    await delay(AGAIN_MS, undefined, { signal: stop }).catch(() => undefined);
  }
}

/** 0 only when all members answer, and nothing is about to end. */
export function certificateHealth({ members }: CertificatesAnswer, nowMs = Date.now()): ExitCode {
  const isWell = ({ state, isRevoked }: CertificatesAnswer['members'][number]) =>
    isRevoked ||
    (state?.certificate?.issuer != null &&
      state.trouble === null &&
      [state.certificate, ...state.authorities].every(({ until }) => Date.parse(until) - nowMs > 0));
  return members.every(isWell) ? EXIT.ok : EXIT.unhealthy;
}

export function renderCertificates(answer: CertificatesAnswer, paint: Paint, nowMs = Date.now()): string {
  const rows: string[][] = [];
  const notes: string[] = [];
  const end = (from: string, until: string): string => {
    const days = (Date.parse(until) - nowMs) / DAY_MS;
    const left = days <= 0 ? 'ended' : days < 2 ? `${Math.round(days * 24 * 60)} min` : `${Math.floor(days)} days`;
    const late = Math.min(LATE_DAYS, ((Date.parse(until) - Date.parse(from)) / DAY_MS) * (1 - answer.renewAt) * 0.5);
    return `${until.slice(0, 16)}Z (${days < late ? paint(left, 'red') : left})`;
  };
  for (const { member, state, why, isRevoked } of answer.members) {
    if (isRevoked) notes.push(paint(`${member} is revoked: no other member speaks with it`, 'red'));
    else if (state === null) notes.push(paint(`${member} did not answer: ${printable(why ?? '')}`, 'yellow'));
    if (state === null) continue;
    const { certificate, authorities, signs, next, trouble } = state;
    if (trouble !== null) notes.push(paint(`${member}: ${printable(trouble)}`, 'red'));
    if (certificate === null) notes.push(paint(`${member} has no certificate that can be used`, 'red'));
    else
      rows.push([
        member,
        'certificate',
        end(certificate.from, certificate.until),
        short(certificate.sha256),
        `signed by ${short(certificate.issuer)}`,
      ]);
    for (const [at, authority] of authorities.entries()) {
      const uses = [at === 0 ? 'signs' : 'is trusted', ...(authority.sha256 === signs ? ['its key is here'] : [])];
      rows.push([member, 'authority', end(authority.from, authority.until), short(authority.sha256), uses.join(', ')]);
    }
    if (next !== null) notes.push(`${member} has the key of a new authority, ${short(next)}: "certificates rotate-ca" goes on`);
  }
  if (answer.members.every(({ state }) => state === null || state.signs === null))
    notes.push(
      paint('no data node keeps the key of the authority: nothing is renewed by itself (docs/certificates.md)', 'yellow'),
    );
  return [table(['MEMBER', 'WHAT', 'ENDS', 'SHA-256', ''], rows), ...notes].join('\n');
}

const short = (sha256: string | null): string => (sha256 === null ? 'nobody known' : sha256.slice(0, 16));
