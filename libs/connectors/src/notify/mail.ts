import { createHash } from 'node:crypto';
import type { MailPayload, Told } from '@yosugara/operations';
import type { MailServerBody } from '@yosugara/protocol';
import type { SendDeadline, Sent } from '@yosugara/runtime';
import MailComposer from 'nodemailer/lib/mail-composer';
import { Look, sentence } from '../probes/look.js';
import { MailConnections } from './mail-connections.js';
import { accepted, refused, retry, type Sender, type SenderSettings } from './port.js';

/** A server that failed is tried after the others for so long. */
const AILING_MS = 60_000;
const MAX_WHY_CHARS = 300;

/** The same for the same id, whichever server and node it leaves by: mail servers and readers drop the second one, or show that it is one. */
export const messageIdOf = (id: string): string => `<${createHash('sha256').update(id).digest('hex').slice(0, 40)}@yosugara>`;

/** Mails of one thing that is watched stand together in the reader's list. */
const threadOf = ({ result }: Told): string =>
  messageIdOf(`thread ${JSON.stringify([result.monitor, result.facility, result.item, result.sub])}`);

interface Failure {
  readonly why: string;
  /** The mail itself was refused; another try has the same end. */
  readonly final: boolean;
}

/** By the first server that takes it. */
export function mailSender(
  settings: SenderSettings,
  connections = new MailConnections(),
  nowMs: () => number = () => performance.now(),
): Sender<MailPayload> {
  const ailingUntilMs = new Map<string, number>();
  const isAiling = (id: string) => (ailingUntilMs.get(id) ?? 0) > nowMs();
  return async (payload, told, { deadlineMs, signal }) => {
    const endMs = nowMs() + deadlineMs;
    const order = [...payload.servers.filter((id) => !isAiling(id)), ...payload.servers.filter(isAiling)];
    const failures: Failure[] = [];
    for (const id of order) {
      const leftMs = endMs - nowMs();
      if (signal.aborted || leftMs <= 0) break;
      const server = settings.mailServer(id);
      if (server === null) {
        failures.push({ why: `there is no mail server ${id}`, final: false });
        continue;
      }
      const deadline = { deadlineMs: Math.min(leftMs, server.timeoutMs), signal };
      const sent = await sendBy(connections, id, server, payload, told, deadline);
      if ('kind' in sent) {
        ailingUntilMs.delete(id);
        return sent;
      }
      failures.push({ ...sent, why: `${id}: ${sent.why}` });
      if (!sent.final) ailingUntilMs.set(id, nowMs() + AILING_MS);
    }
    const why = failures.map((failure) => failure.why).join('; ') || 'no mail server was tried in time';
    return failures.length > 0 && failures.every(({ final }) => final) ? refused(why) : retry(why);
  };
}

/** How long all servers together may take. */
export function mailDeadlineMs(settings: SenderSettings, { servers }: MailPayload): number {
  return servers.reduce((sum, id) => sum + (settings.mailServer(id)?.timeoutMs ?? 0), 1_000);
}

async function sendBy(
  connections: MailConnections,
  id: string,
  server: MailServerBody,
  payload: MailPayload,
  told: Told,
  { deadlineMs, signal }: SendDeadline,
): Promise<Sent | Failure> {
  const look = new Look(deadlineMs, signal);
  try {
    const mail = new MailComposer(mailOf(server, payload, told)).compile();
    const message = await mail.build();
    const { rejected } = await connections.send(look, id, server, mail.getEnvelope(), message);
    return rejected.length === 0 ? accepted : { kind: 'accepted', note: `not taken for ${rejected.join(', ')}` };
  } catch (error) {
    return { why: sentence(error).replace(/\s+/g, ' ').slice(0, MAX_WHY_CHARS), final: isFinal(error) };
  } finally {
    look.close();
  }
}

function mailOf({ from, fromName }: MailServerBody, { to, cc, bcc, subject, text }: MailPayload, told: Told) {
  return {
    from: { name: fromName, address: from },
    ...{ to: [...to], cc: [...cc], bcc: [...bcc], subject, text },
    // What comes out of a variable names no file and no page to attach.
    ...{ disableFileAccess: true, disableUrlAccess: true },
    messageId: messageIdOf(told.id),
    references: threadOf(told),
    headers: {
      'X-Yosugara-Id': told.id.replace(/[^\u0020-\u007e]/g, '?'),
      // RFC 3834: no answers of people who are away.
      'Auto-Submitted': 'auto-generated',
    },
  };
}

/** RFC 5321 4.2.1: 5yz = do not try it again as it is. Of the mail and of all who should get it; a login that fails can be mended. */
function isFinal(error: unknown): boolean {
  const { code, responseCode } = error as { readonly code?: string; readonly responseCode?: number };
  return (code === 'EENVELOPE' || code === 'EMESSAGE') && responseCode !== undefined && responseCode >= 500;
}
