import { assertNever } from '@yosugara/kernel';
import type { Payload, RestPayload } from '@yosugara/operations';
import type { Notifier, OutboxEntry, SendDeadline, Sent } from '@yosugara/runtime';
import { sendCommand } from './command.js';
import { mailDeadlineMs, mailSender } from './mail.js';
import { MailConnections } from './mail-connections.js';
import { refused, retry, type SenderSettings } from './port.js';
import { restSender } from './rest.js';
import { sendSyslog } from './syslog.js';
import { trapSender } from './trap.js';

const NOTHING_MS = 1_000;
const MOST_MS = 3_600_000;

/** Everything that leaves the cluster, by its kind. */
export function createNotifier(settings: SenderSettings): Notifier {
  const connections = new MailConnections();
  const mail = mailSender(settings, connections);
  const rest = restSender(settings);
  const trap = trapSender(settings);
  const send = async ({ told, payload: any }: OutboxEntry, deadline: SendDeadline): Promise<Sent> => {
    const payload = any as Payload;
    switch (payload.kind) {
      case 'mail':
        return await mail(payload, told, deadline);
      case 'command':
        return await sendCommand(payload, told, deadline);
      case 'syslog':
        return await sendSyslog(payload, told, deadline);
      case 'rest':
        return await rest(payload, told, deadline);
      case 'trap':
        return await trap(payload, told, deadline);
      case 'job':
        return (await settings.startJob?.(payload, told, deadline)) ?? retry('jobs do not run on this node now');
      case 'impossible':
        return refused(payload.why);
      case 'escalation':
        return refused('an escalation is not sent: its steps are');
      default:
        return assertNever(payload);
    }
  };
  return {
    send,
    deadlineMsOf: ({ payload }) => Math.min(MOST_MS, deadlineMsOf(payload as Payload, settings)),
    release: () => connections.release(),
  };
}

function deadlineMsOf(payload: Payload, settings: SenderSettings): number {
  if (payload.kind === 'mail') return mailDeadlineMs(settings, payload);
  if (payload.kind === 'rest') return restDeadlineMs(payload, settings);
  return 'timeoutMs' in payload ? payload.timeoutMs : NOTHING_MS;
}

function restDeadlineMs({ access }: RestPayload, settings: SenderSettings): number {
  const found = settings.restAccess(access);
  return found === null ? NOTHING_MS : found.timeoutMs * (1 + found.retries);
}
