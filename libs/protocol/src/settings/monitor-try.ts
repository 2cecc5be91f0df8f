import { z } from 'zod';
import { PrioritySchema } from './common.js';

/** POST /api/v1/monitors/try */
export const TryLineSchema = z.strictObject({
  /** The body of a monitor, stored or not. */
  monitor: z.unknown(),
  /** As it is received: a syslog line with or without what is before its text, a trap's datagram in hexadecimal, the answer of what is asked. */
  text: z.string().max(65_536),
});

export const TriedSchema = z
  .object({
    /** What the rules were matched with. */
    text: z.string(),
    rules: z.array(
      z.object({
        /** From 1, as in events. */
        place: z.string(),
        description: z.string(),
        /** `behind`: an earlier one has decided. */
        outcome: z.enum(['tells', 'ignores', 'behind', 'no match', 'other conditions', 'disabled', 'broken']),
        why: z.string(),
      }),
    ),
    /** null = nothing. */
    told: z.object({ priority: PrioritySchema, message: z.string(), original: z.string() }).nullable(),
    why: z.string(),
  })
  .meta({ id: 'TriedLine' });
export type Tried = z.infer<typeof TriedSchema>;
export type TriedRule = Tried['rules'][number];
