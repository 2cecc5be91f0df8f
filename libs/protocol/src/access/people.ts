import { z } from 'zod';
import { RoleIdSchema } from './rights.js';

export const USER_SOURCES = ['local', 'ldap', 'oidc'] as const;
export type UserSource = (typeof USER_SOURCES)[number];
export const LANGUAGES = ['en', 'ja'] as const;
export const MIN_PASSWORD = 10;
export const MAX_PASSWORD = 256;
export const MAX_ROLES_OF_USER = 32;

export const LoginNameSchema = z
  .string()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}_.@+-]{0,63}$/u, 'letters, digits and _ . @ + -, beginning with a letter or digit, at most 64');
export const NewPasswordSchema = z.string().min(MIN_PASSWORD).max(MAX_PASSWORD);
const noControl = (text: string) => !/\p{Cc}/u.test(text);
const displayName = z.string().max(128).refine(noControl, 'text without control characters');
const mail = z.union([z.literal(''), z.email().max(254)]);
/** '' = that of the browser. */
const language = z.union([z.literal(''), z.enum(LANGUAGES)]);
/** IANA, such as Asia/Tokyo; '' = that of the browser. */
const timeZone = z.string().max(64).refine(isTimeZone, 'the name of a time zone, such as Asia/Tokyo');
const roles = z
  .array(RoleIdSchema)
  .max(MAX_ROLES_OF_USER)
  .refine((all) => new Set(all).size === all.length, 'each role once');

function isTimeZone(text: string): boolean {
  if (text === '') return true;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }) !== null;
  } catch {
    return false;
  }
}

/** One of GET /api/v1/users. */
export const UserViewSchema = z
  .object({
    id: z.int(),
    login: z.string(),
    /** Its ETag. */
    revision: z.int(),
    name: z.string(),
    mail: z.string(),
    roles: z.array(z.string()),
    enabled: z.boolean(),
    language: z.string(),
    timeZone: z.string(),
    /** Whose word about the password counts. */
    source: z.enum(USER_SOURCES),
    /** The password was given by somebody else: nothing but another one can be done with it. */
    mustChange: z.boolean(),
    /** A second factor is asked for. */
    totp: z.boolean(),
    /** After too many wrong passwords; null = not locked. */
    lockedUntil: z.string().nullable(),
    lastLoginAt: z.string().nullable(),
    createdAt: z.string(),
  })
  .meta({ id: 'User' });
export type UserView = z.infer<typeof UserViewSchema>;

export const UserPageSchema = z.object({ rows: z.array(UserViewSchema), next: z.string().nullable() }).meta({ id: 'UserPage' });
export type UserPage = z.infer<typeof UserPageSchema>;

/** GET /api/v1/users */
export const UserQuerySchema = z.strictObject({
  text: z.string().min(1).max(256).optional().describe('In login, name and mail, whatever the case'),
  role: RoleIdSchema.optional(),
  enabled: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
  after: z
    .string()
    .regex(/^\d{1,9}$/)
    .optional()
    .describe('the `next` of the page before'),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
export type UserQuery = z.infer<typeof UserQuerySchema>;

/** POST /api/v1/users: a local one. Without a password a random one is made, and shown in the answer only. */
export const NewUserSchema = z
  .strictObject({
    login: LoginNameSchema,
    name: displayName.default(''),
    mail: mail.default(''),
    roles: roles.default([]),
    enabled: z.boolean().default(true),
    language: language.default(''),
    timeZone: timeZone.default(''),
    password: NewPasswordSchema.optional(),
  })
  .meta({ id: 'NewUser' });
export type NewUser = z.infer<typeof NewUserSchema>;

/** PATCH /api/v1/users/ID with If-Match: what is not said stays. */
export const UserChangeSchema = z
  .strictObject({ name: displayName, mail, roles, enabled: z.boolean(), language, timeZone })
  .partial()
  .meta({ id: 'UserChange' });
export type UserChange = z.infer<typeof UserChangeSchema>;

/** What POST /api/v1/users and POST /api/v1/users/ID/reset-password answer. */
export const UserGivenSchema = z
  .object({
    user: UserViewSchema,
    /** Made here, and never shown again; null = the one in the request. */
    password: z.string().nullable(),
  })
  .meta({ id: 'UserGiven' });
export type UserGiven = z.infer<typeof UserGivenSchema>;

/** POST /api/v1/users/ID/reset-password: must be changed at the next login; ends the user's sessions and tokens' use does not change. */
export const PasswordResetSchema = z.strictObject({ password: NewPasswordSchema.optional() }).meta({ id: 'PasswordReset' });

/** PATCH /api/v1/me */
export const ProfileChangeSchema = z
  .strictObject({ name: displayName, mail, language, timeZone })
  .partial()
  .meta({ id: 'ProfileChange' });
export type ProfileChange = z.infer<typeof ProfileChangeSchema>;

export const TOKEN_PREFIX = 'yst_';

/** One of GET /api/v1/tokens. */
export const TokenViewSchema = z
  .object({
    id: z.int(),
    user: z.object({ id: z.int(), login: z.string() }),
    name: z.string(),
    /** The first characters, to tell it from others. */
    start: z.string(),
    /** What it may: those of these that its user still has. */
    roles: z.array(z.string()),
    createdAt: z.string(),
    expiresAt: z.string(),
    lastUsedAt: z.string().nullable(),
    lastUsedFrom: z.string().nullable(),
  })
  .meta({ id: 'ApiToken' });
export type TokenView = z.infer<typeof TokenViewSchema>;
export const TokenListSchema = z.object({ rows: z.array(TokenViewSchema) }).meta({ id: 'ApiTokens' });
export type TokenList = z.infer<typeof TokenListSchema>;

/** POST /api/v1/tokens: of whoever asks. */
export const NewTokenSchema = z
  .strictObject({
    name: displayName.min(1),
    roles: roles.min(1),
    /** From now. */
    days: z.int().min(1).max(3_660).default(90),
  })
  .meta({ id: 'NewApiToken' });
export type NewToken = z.infer<typeof NewTokenSchema>;
export const TokenMadeSchema = z
  .object({
    token: TokenViewSchema,
    /** `Authorization: Bearer …`; never shown again. */
    secret: z.string(),
  })
  .meta({ id: 'ApiTokenMade' });
export type TokenMade = z.infer<typeof TokenMadeSchema>;
