import { type Alarm, type CertificatesAnswer, type MemberCertificates, runbookPath, type Status } from '@yosugara/protocol';
import { RENEW_AT } from './keeper.js';

const DAY_MS = 24 * 3_600_000;
/** Whatever renews has not done so for half of the time that it had, or has this long left. */
const LATE_MS = 30 * DAY_MS;
/** Of that time, when nobody should wait any longer. */
const RED_AT = 0.25;

type Seen = Pick<MemberCertificates, 'certificate' | 'authorities' | 'signs' | 'trouble'>;
type Asked = CertificatesAnswer['members'][number];

/** What operators must know of certificates, from what members said of theirs last: those of who is silent end as well. */
export class CertificateAlarms {
  #members: readonly Asked[] = [];

  heard({ members }: CertificatesAnswer): void {
    const known = new Map(this.#members.map((each) => [each.member, each.state]));
    this.#members = members.map((each) => ({ ...each, state: each.state ?? known.get(each.member) ?? null }));
  }

  /** The status, with these in it. */
  told(status: Status, wallMs: number): Status {
    const alarms = certificateAlarms(this.#members, wallMs).map((alarm) => ({ ...alarm, runbook: runbookPath(alarm.code) }));
    return { ...status, alarms: [...status.alarms, ...alarms] };
  }
}

export function certificateAlarms(members: readonly Asked[], wallMs: number): readonly Alarm[] {
  const trusted = members.filter(({ isRevoked }) => !isRevoked);
  const own = trusted.flatMap(({ member, state }) => (state === null ? [] : ofMember(member, state, wallMs)));
  // Of all members the same: told once.
  const authorities = trusted.flatMap(({ state }) =>
    state === null ? [] : [...new Set([state.authorities[0], issuerOf(state)])],
  );
  const ending = new Map(
    authorities.flatMap((each) => {
      const alarm = each === undefined ? null : endOf('the authority that signs certificates', each, wallMs);
      return each === undefined || alarm === null ? [] : [[each.sha256, alarm]];
    }),
  );
  return [...own, ...ending.values(), ...unkept(trusted)];
}

function ofMember(member: string, { certificate, trouble }: Seen, wallMs: number): readonly Alarm[] {
  if (certificate === null)
    return [{ level: 'red', code: 'CERTIFICATE_ENDS', text: `${member} has no certificate that can be used` }];
  const ends = endOf(`the certificate of ${member}`, certificate, wallMs);
  const why = trouble === null ? '' : `; it could not be renewed: ${trouble}`;
  if (ends !== null) return [{ ...ends, text: `${ends.text}${why}` }];
  if (trouble === null) return [];
  return [
    {
      level: 'yellow',
      code: 'CERTIFICATE_ENDS',
      text: `the certificate of ${member}, good until ${day(certificate.until)}, is due${why}`,
    },
  ];
}

function endOf(what: string, { from, until }: { readonly from: string; readonly until: string }, wallMs: number): Alarm | null {
  const leftMs = Date.parse(until) - wallMs;
  const lateMs = Math.min(LATE_MS, (Date.parse(until) - Date.parse(from)) * (1 - RENEW_AT) * 0.5);
  if (leftMs >= lateMs) return null;
  const text = leftMs <= 0 ? `${what} has ended on ${day(until)}` : `${what} ends on ${day(until)}`;
  return { level: leftMs < lateMs * RED_AT ? 'red' : 'yellow', code: 'CERTIFICATE_ENDS', text };
}

/** Only when all data nodes have said so. */
function unkept(trusted: readonly Asked[]): readonly Alarm[] {
  const data = trusted.filter(({ kind }) => kind === 'data');
  if (data.length === 0 || data.some(({ state }) => state === null || state.signs !== null)) return [];
  const ends = trusted.flatMap(({ state }) => state?.certificate?.until ?? []).sort();
  const text = `no data node keeps the key of the authority: nothing renews certificates by itself${ends[0] === undefined ? '' : `, and the first of them ends on ${day(ends[0])}`}; \`yosugara certificates keep FILE\`, or \`rotate-ca\` for a new one`;
  return [{ level: 'yellow', code: 'CERTIFICATES_UNKEPT', text }];
}

const issuerOf = ({ certificate, authorities }: Seen): Seen['authorities'][number] | undefined =>
  authorities.find(({ sha256 }) => sha256 === certificate?.issuer);

const day = (iso: string): string => `${iso.slice(0, 16).replace('T', ' ')} UTC`;
