import type { FileDays, NodeConfig } from '@yosugara/protocol';
import { COUNTS_KEPT_MS } from '../store/ports.js';

const DAY_MS = 86_400_000;
/** Of the loop that sends (libs/runtime/src/operations/outbox-loop.ts), which lets them go itself. */
const SENT_DAYS = 7;
const TAKE_OVER_DAYS = 3_660;
const LAG_DAYS = 35;

/** How long each kind is kept when no setting says otherwise. null: not by days, or as another one is. */
export const fileDaysOf = ({ messages, retention, access }: Pick<NodeConfig, 'messages' | 'retention' | 'access'>): FileDays => ({
  messages: messages.retentionDays,
  counts: COUNTS_KEPT_MS / DAY_MS,
  events: retention.eventDays,
  confirmedEvents: null,
  statuses: null,
  values: retention.valueDays,
  hours: retention.hourDays,
  days: retention.dayDays,
  months: retention.monthDays,
  jobs: null,
  notifications: SENT_DAYS,
  settingHistory: retention.settingHistoryDays,
  inventory: retention.inventoryDays,
  memory: retention.memoryDays,
  audit: access.auditDays,
  takeOvers: TAKE_OVER_DAYS,
  lag: LAG_DAYS,
});
