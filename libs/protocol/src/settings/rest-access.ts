import { z } from 'zod';
import { secretText } from './secrets.js';

const template = z.string().max(16_384);
const url = z
  .string()
  .max(4_096)
  .regex(/^https?:\/\/[^\s/]+/, 'http:// or https://, a host, a path');
const headers = z
  .record(
    z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'a name of a header (RFC 9110 5.1)'),
    z
      .string()
      .max(4_096)
      .regex(/^[^\r\n]*$/),
  )
  .default({});
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

const AuthSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('none') }),
  z.strictObject({ type: z.literal('basic'), user: z.string().max(255), password: secretText(1_024) }),
  z.strictObject({ type: z.literal('bearer'), token: secretText(16_384) }),
  z.strictObject({
    type: z.literal('token-url'),
    url,
    method: z.enum(METHODS).default('POST'),
    headers,
    /** What is sent to get a token, such as client id and secret. */
    body: secretText(16_384),
    /** Where in the answer the token is: the first group. Linear-time syntax (RE2). */
    pattern: z.string().min(1).max(1_024).default('"access_token"\\s*:\\s*"([^"]+)"'),
    /** A token is used for so long, and once more asked for when it is refused (401). */
    validSeconds: z.int().min(1).max(2_592_000).default(3_000),
    header: z.string().default('Authorization'),
    prefix: z.string().max(64).default('Bearer '),
  }),
]);

/** An HTTP endpoint that is told of results. `#[…]` in url, headers and body; `#[SECRET]` there is `secret`. */
export const RestAccessBodySchema = z.strictObject({
  /** `slack`: also for Mattermost, Rocket.Chat. `teams`: an adaptive card for a workflow's webhook. They make their own body. */
  preset: z.enum(['generic', 'slack', 'teams']).default('generic'),
  method: z.enum(METHODS).default('POST'),
  url,
  headers,
  /** null = all that is known, as JSON. Without meaning for the other presets. Values are escaped for JSON unless a header says another type. */
  body: template.nullable().default(null),
  /** What must not be seen of the url, such as the last part of a webhook's. */
  secret: secretText(4_096),
  auth: AuthSchema.default({ type: 'none' }),
  /** PEM; null = those of the system. */
  ca: z.string().max(65_536).nullable().default(null),
  /** http://HOST:PORT; null = none. */
  proxy: z
    .string()
    .regex(/^http:\/\/[^\s/@]+:\d+\/?$/)
    .nullable()
    .default(null),
  connectTimeoutMs: z.int().min(500).max(60_000).default(5_000),
  timeoutMs: z.int().min(1_000).max(300_000).default(15_000),
  /** At once, within one attempt of the outbox. */
  retries: z.int().min(0).max(5).default(0),
});
export type RestAccessBody = z.infer<typeof RestAccessBodySchema>;
