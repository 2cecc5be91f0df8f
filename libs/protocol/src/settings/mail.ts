import { z } from 'zod';
import type { SettingMistake } from './schemas.js';
import { secretText } from './secrets.js';

/** A token in place of a password (XOAUTH2), from an endpoint of OAuth 2.0 (RFC 6749). */
const OAuth2Schema = z.strictObject({
  tokenUrl: z
    .string()
    .max(4_096)
    .regex(/^https?:\/\/[^\s/]+/, 'http:// or https://, a host, a path'),
  /** `refresh-token`: for an account that once gave its consent. `client-credentials`: of the application itself. */
  grant: z.enum(['refresh-token', 'client-credentials']).default('refresh-token'),
  clientId: z.string().min(1).max(1_024),
  clientSecret: secretText(4_096),
  /** Where the client says who it is: in the form, or in the header `Authorization`. */
  clientAuth: z.enum(['form', 'basic']).default('form'),
  refreshToken: secretText(16_384),
  /** null = what the endpoint gives by itself. */
  scope: z.string().min(1).max(2_048).nullable().default(null),
  /** PEM, for the endpoint; null = those of the system. */
  ca: z.string().max(65_536).nullable().default(null),
  /** http://HOST:PORT; null = none. */
  proxy: z
    .string()
    .regex(/^http:\/\/[^\s/@]+:\d+\/?$/)
    .nullable()
    .default(null),
});

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
  /** In place of the password; null = none. */
  oauth2: OAuth2Schema.nullable().default(null),
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
  /** At once. They are kept for half a minute for the next mail. */
  connections: z.int().min(1).max(20).default(3),
});
export type MailServerBody = z.infer<typeof MailServerBodySchema>;

/** What only the whole shows, its secrets included. */
export function mailServerMistakes({ user, oauth2 }: MailServerBody): readonly SettingMistake[] {
  if (oauth2 === null) return [];
  const isMissing = (secret: string | null) => secret === null || secret === '';
  return [
    ...(user === null ? [{ place: 'user', found: 'none', allowed: 'the account whose token it is, for oauth2' }] : []),
    ...(oauth2.grant === 'refresh-token' && isMissing(oauth2.refreshToken)
      ? [{ place: 'oauth2.refreshToken', found: 'none', allowed: 'a refresh token, for the grant refresh-token' }]
      : []),
    ...(oauth2.grant === 'client-credentials' && isMissing(oauth2.clientSecret)
      ? [{ place: 'oauth2.clientSecret', found: 'none', allowed: 'a secret, for the grant client-credentials' }]
      : []),
  ];
}

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
