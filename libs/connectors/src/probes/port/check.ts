import type { SampleValue } from '@yosugara/operations';
import { dial, label, secure, type Target, type TlsCheck } from '../dial.js';
import { failure, type Look, sentence } from '../look.js';
import { askDns, type DnsQuestion } from './dns.js';
import { type Greeted, greeting } from './greetings.js';
import { askNtp } from './ntp.js';

export const SERVICES = ['tcp', 'ftp', 'smtp', 'smtps', 'pop3', 'pop3s', 'imap', 'imaps', 'ntp', 'dns'] as const;
export type Service = (typeof SERVICES)[number];

export interface PortCheck {
  readonly service: Service;
  readonly target: Target;
  /** Times to look, so far apart. */
  readonly count: number;
  readonly intervalMs: number;
  /** Of each. */
  readonly timeoutMs: number;
  /** Of the services that begin with TLS. */
  readonly tls: TlsCheck;
  /** Of `dns`. */
  readonly question: DnsQuestion;
}

const GREETED_OVER_TLS: Readonly<Partial<Record<Service, Greeted>>> = { smtps: 'smtp', pop3s: 'pop3', imaps: 'imap' };

/** @returns the mean of the times in ms, and how many per cent of the looks failed; a failure when all did, with the last one's sentence. */
export async function checkPort(look: Look, check: PortCheck): Promise<SampleValue> {
  const times: number[] = [];
  let why = '';
  for (let n = 0; n < check.count; n++) {
    if (n > 0) await look.pause(check.intervalMs);
    try {
      times.push(await look.part(check.timeoutMs, async (part) => await timed(part, check)));
    } catch (error) {
      why = sentence(error);
      if (look.leftMs === 0) break;
    }
  }
  if (times.length === 0) return failure(why);
  const mean = times.reduce((sum, one) => sum + one, 0) / times.length;
  return { kind: 'number', number: mean, also: (100 * (check.count - times.length)) / check.count };
}

/** From the first packet to the answer that was understood; what is said in parting does not count. */
async function timed(look: Look, { service, target, tls, question }: PortCheck): Promise<number> {
  const begun = performance.now();
  const took = () => performance.now() - begun;
  if (service === 'ntp') await askNtp(look, target);
  else if (service === 'dns') await askDns(look, target, question);
  else {
    const plain = await dial(look, target);
    if (service === 'tcp') return took();
    const over = GREETED_OVER_TLS[service];
    const socket = over === undefined ? plain : await secure(look, plain, target, tls);
    const greeted = over ?? (service as Greeted);
    return await greeting(look, socket, greeted, label(target), took);
  }
  return took();
}
