import {
  chainOf,
  type NotificationSetting,
  type PayloadSettings,
  payloadOf,
  type TellContext,
  type Told,
} from '@yosugara/operations';
import { giveUpMs } from '@yosugara/protocol';
import type { EventToStore, OutboxEntry, StatusToStore } from './ports.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Its last step is at most a week after its first; it ends by itself. */
const ESCALATION_MS = 30 * DAY_MS;

/** What is told, as an entry of the outbox. @returns null — it stays in the cluster. */
export function outboxEntryOf(
  setting: NotificationSetting,
  context: TellContext,
  settings: PayloadSettings,
  nowMs: number,
): OutboxEntry | null {
  const payload = payloadOf(setting.body, context, settings, nowMs);
  if (payload === null) return null;
  const { told } = context;
  const entry = { told, payload, dueAtMs: nowMs };
  if (payload.kind !== 'escalation') return { ...entry, untilMs: nowMs + giveUpMs(setting.body) };
  return { ...entry, untilMs: nowMs + ESCALATION_MS, chain: chainOf(setting, told) };
}

/** @param setting null: of ourselves, or gone by now. */
export function eventToStoreOf(setting: NotificationSetting | null, told: Told, scope: string): EventToStore {
  const body = setting?.body;
  const state = body?.kind === 'event' ? (body.priorities[told.result.priority]?.state ?? 'unconfirmed') : 'unconfirmed';
  return { told, state, scope };
}

export function statusToStoreOf(setting: NotificationSetting | null, told: Told, scope: string): StatusToStore {
  const body = setting?.body.kind === 'status' ? setting.body : null;
  const expiresAtMs = body === null || body.validMinutes === null ? null : told.result.atMs + body.validMinutes * MINUTE_MS;
  return { told, scope, expiresAtMs, expiresTo: body?.expiresTo ?? null };
}
