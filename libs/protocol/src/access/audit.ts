import { z } from 'zod';

/** One of GET /api/v1/audit. */
export const AuditRowSchema = z
  .object({
    id: z.string(),
    at: z.string(),
    /** The login, or what the host's own token said; '' = nobody that is known. */
    who: z.string(),
    /** How they came: a session, an API token, the host's token; null = of before this was kept. */
    by: z.enum(['session', 'token', 'host', 'nobody']).nullable(),
    /** Address; null = of before this was kept, or from within. */
    from: z.string().nullable(),
    /** Such as `login`, `setting.put`, `refused`. */
    action: z.string(),
    /** Such as `monitor/ping` or `user/7`; null = no single one. */
    object: z.string().nullable(),
    /** false: it was refused. */
    done: z.boolean(),
    detail: z.unknown(),
    node: z.string(),
    epoch: z.int(),
  })
  .meta({ id: 'AuditRow' });
export type AuditRow = z.infer<typeof AuditRowSchema>;

/** Newest first. CSV: `format=csv`, or `accept: text/csv`. */
export const AuditPageSchema = z.object({ rows: z.array(AuditRowSchema), next: z.string().nullable() }).meta({ id: 'AuditPage' });
export type AuditPage = z.infer<typeof AuditPageSchema>;

const word = z.string().min(1).max(256).optional();
export const AuditQuerySchema = z.strictObject({
  who: word.describe('Login'),
  what: word.describe('Action, or the beginning of one that ends in a dot: `setting.`'),
  object: word.describe('Such as monitor/ping, or the beginning of one that ends in a slash'),
  done: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional()
    .describe('false: what was refused'),
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
  after: z
    .string()
    .regex(/^\d{1,19}$/)
    .optional()
    .describe('the `next` of the page before'),
  format: z.enum(['json', 'csv']).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});
export type AuditQuery = z.infer<typeof AuditQuerySchema>;
