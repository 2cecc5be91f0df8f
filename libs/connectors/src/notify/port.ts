import type { JobPayload, Told } from '@yosugara/operations';
import type { MailServerBody, NotificationOf, RestAccessBody } from '@yosugara/protocol';
import type { SendDeadline, Sent } from '@yosugara/runtime';

/** Settings as they are when something is sent, with their secrets. null = there is none of that id. */
export interface SenderSettings {
  readonly mailServer: (id: string) => MailServerBody | null;
  readonly restAccess: (id: string) => RestAccessBody | null;
  readonly trap: (notification: string) => NotificationOf<'trap'> | null;
  /** Begins a session; by the same id once. Missing: nobody runs jobs here. */
  readonly startJob?: Sender<JobPayload>;
}

/** Sends one kind. */
export type Sender<Payload> = (payload: Payload, told: Told, deadline: SendDeadline) => Promise<Sent>;

export const accepted: Sent = { kind: 'accepted' };
export const retry = (why: string, afterMs?: number): Sent => ({
  kind: 'retry',
  why,
  ...(afterMs === undefined ? {} : { afterMs }),
});
export const refused = (why: string): Sent => ({ kind: 'refused', why });
