import { END_STATUSES, JOB_STATES, SESSION_TRIGGERS } from '@yosugara/protocol';
import type { SessionQuery } from '@yosugara/runtime';
import { z } from 'zod';
import { several, word } from '../events/query.js';
import { instant, parseInstant } from '../messages/query.js';

const times = { since: instant, until: instant };

export const SessionsQuerySchema = z.strictObject({
  unit: word('Id of the job unit'),
  job: word('Sessions that have such a job'),
  state: several(z.enum(JOB_STATES), 'Any of them'),
  endStatus: several(z.enum(END_STATUSES), 'Any of them'),
  trigger: word('Id of the trigger'),
  triggerType: z.enum(SESSION_TRIGGERS).optional(),
  open: z.enum(['true', 'false']).describe('true: those that are not over; false: those that are').optional(),
  ...times,
  after: z
    .string()
    .regex(/^\d{1,18}$/, 'the `next` of the page before')
    .optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

/** Times are those that sessions are for. */
export function sessionQuery(asked: z.infer<typeof SessionsQuerySchema>, nowMs: number): SessionQuery {
  const { state, endStatus, trigger, triggerType, open, since, until, ...rest } = asked;
  const ms = (text: string | undefined) => (text === undefined ? undefined : parseInstant(text, nowMs)?.getTime());
  const query = {
    ...rest,
    ...{ states: state, endStatuses: endStatus, triggerId: trigger, triggerType, fromMs: ms(since), toMs: ms(until) },
    open: open === undefined ? undefined : open === 'true',
  };
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as unknown as SessionQuery;
}

const HOUR_MS = 3_600_000;
export const MOST_PLAN_DAYS = 400;
/** What is to come is after now: an age such as `2h` is one ahead here. */
const ahead = z
  .string()
  .max(40)
  .refine(
    (text) => parseInstant(text, 0) !== null,
    'an RFC 3339 time with its zone (2026-11-21T10:00:00Z), or how far ahead, such as 10m, 2h, 7d',
  )
  .describe('RFC 3339 with a zone, or how far ahead, such as 2h, 7d')
  .optional();
export const PlanQuerySchema = z.strictObject({
  from: ahead,
  to: ahead,
  unit: word('Id of the job unit'),
  trigger: word('Id of the trigger'),
  limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
});

/** A day from now on when nothing is said. */
export function planSpan({ from, to }: z.infer<typeof PlanQuerySchema>, nowMs: number): readonly [fromMs: number, toMs: number] {
  // Mirrored: `2h` is two hours before 0.
  const ms = (text: string) =>
    /^\d{1,6}[smhd]$/.test(text) ? nowMs - parseInstant(text, 0)!.getTime() : parseInstant(text, nowMs)!.getTime();
  const fromMs = from === undefined ? nowMs : ms(from);
  return [fromMs, to === undefined ? fromMs + 24 * HOUR_MS : ms(to)];
}
