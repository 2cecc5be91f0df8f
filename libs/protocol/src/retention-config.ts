import { z } from 'zod';

const days = (byDefault: number, least = 1) => z.int().min(least).max(36_500).default(byDefault);

/** How many days what monitors brought about is kept, and what else grows; the Master's is followed, so give both nodes the same. */
export const RetentionSchema = z.strictObject({
  /** With what people did with them. */
  eventDays: days(400),
  /** What was measured. */
  valueDays: days(15, 2),
  /** Their sums of hours, of days and of months. */
  hourDays: days(400),
  dayDays: days(3_660),
  monthDays: days(36_500),
  /** Revisions of settings that are no longer the newest; those that sessions of jobs run on stay. */
  settingHistoryDays: days(400),
  /** What hosts consisted of, and consist of no more. */
  inventoryDays: days(400),
  /** What is remembered of monitors, nodes and notifications that were deleted, and their statuses. */
  memoryDays: days(30),
});
export type RetentionConfig = z.infer<typeof RetentionSchema>;
