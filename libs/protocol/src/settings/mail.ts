import { z } from 'zod';
import { secretText } from './secrets.js';

/** A server that takes mails. */
export const MailServerBodySchema = z.strictObject({
  host: z.string().min(1).max(255),
  port: z.int().min(1).max(65_535).default(587),
  /** `starttls`: demanded; a server that does not offer it gets no mail. `smtp`: in the clear. */
  security: z.enum(['smtp', 'smtps', 'starttls']).default('starttls'),
  /** false: whoever answers is believed, for servers with certificates of their own making; better is `ca`. */
  verify: z.boolean().default(true),
  /** PEM; null = those of the system. */
  ca: z.string().max(65_536).nullable().default(null),
  /** null = no login. */
  user: z.string().min(1).max(255).nullable().default(null),
  password: secretText(1_024),
  from: z.email(),
  /** Shown beside the address. */
  fromName: z
    .string()
    .max(128)
    .regex(/^[^\r\n]*$/)
    .default(''),
  connectTimeoutMs: z.int().min(500).max(60_000).default(5_000),
  /** Of the whole dialogue. */
  timeoutMs: z.int().min(1_000).max(300_000).default(15_000),
});
export type MailServerBody = z.infer<typeof MailServerBodySchema>;

/** With `#[…]` in it. */
export const MailTemplateBodySchema = z.strictObject({
  subject: z
    .string()
    .min(1)
    .max(1_024)
    .regex(/^[^\r\n]*$/, 'one line'),
  body: z.string().max(65_536),
});
export type MailTemplateBody = z.infer<typeof MailTemplateBodySchema>;

/** Used where a notification names none. */
export const DEFAULT_MAIL_TEMPLATE: MailTemplateBody = {
  subject: '[#[PRIORITY]] #[FACILITY_NAME]: #[MESSAGE]',
  body: [
    'Priority:    #[PRIORITY] (before: #[PRIORITY_BEFORE])',
    'Time:        #[GENERATION_DATE]',
    'Node:        #[FACILITY_NAME] (#[FACILITY_ID], #[SCOPE])',
    'Monitor:     #[MONITOR_ID] (#[PLUGIN_ID]) #[MONITOR_DETAIL_ID]',
    'Application: #[APPLICATION]',
    '',
    '#[MESSAGE]',
    '',
    '#[ORG_MESSAGE]',
    '',
    'Notification #[NOTIFY_ID], told because: #[WHY]. Id: #[NOTIFY_UUID]',
    '',
  ].join('\n'),
};
