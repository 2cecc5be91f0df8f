import { z } from 'zod';
import { MAX_PASSWORD, NewPasswordSchema, USER_SOURCES } from './people.js';
import { FUNCTIONS, MODES, REACH_MODES, RoleBodySchema } from './rights.js';

const password = z.string().min(1).max(MAX_PASSWORD);
/** Six digits of the authenticator, or one of the recovery codes. */
const code = z.string().trim().min(6).max(64);

/** POST /api/v1/login. 401 TOTP_REQUIRED: the same again, with `code`. */
export const LoginSchema = z
  .strictObject({ login: z.string().min(1).max(64), password, code: code.optional() })
  .meta({ id: 'Login' });
export type Login = z.infer<typeof LoginSchema>;

/** POST /api/v1/password */
export const PasswordChangeSchema = z.strictObject({ current: password, next: NewPasswordSchema }).meta({ id: 'PasswordChange' });

const grants = z.partialRecord(z.enum(FUNCTIONS), z.array(z.enum(MODES)));

/** GET /api/v1/me, and the answer of POST /api/v1/login. */
export const MeSchema = z
  .object({
    login: z.string(),
    /** The widest of the three built-in roles that fits; what may be done is in `grants`. */
    role: z.enum(['admin', 'operator', 'viewer']),
    /** Still the first password: nothing else is answered before POST /api/v1/password. */
    mustChange: z.boolean(),
    node: z.string(),
    epoch: z.int(),
    mode: z.enum(['off', 'passive', 'gated', 'active']),
    /** Of `users`; null = it came with a token of the host. */
    id: z.int().nullable(),
    name: z.string(),
    mail: z.string(),
    language: z.string(),
    timeZone: z.string(),
    source: z.enum(USER_SOURCES),
    totp: z.boolean(),
    recoveryCodesLeft: z.int(),
    roles: z.array(z.string()),
    /** Of all roles together. */
    grants,
    /** Objects of roles that one does not have; `*` = of all. */
    reaches: z.array(z.object({ owner: z.string(), modes: z.array(z.enum(REACH_MODES)) })),
  })
  .meta({ id: 'Me' });
export type Me = z.infer<typeof MeSchema>;

/** GET /api/v1/login/ways (no login): what the login page offers. */
export const LoginWaysSchema = z
  .object({
    password: z.literal(true),
    ldap: z.boolean(),
    /** A link to /api/v1/login/oidc/ID each. */
    oidc: z.array(z.object({ id: z.string(), name: z.string() })),
  })
  .meta({ id: 'LoginWays' });
export type LoginWays = z.infer<typeof LoginWaysSchema>;

/** POST /api/v1/me/totp: begins; nothing is asked for before it is confirmed. */
export const TotpBeginSchema = z.strictObject({ password }).meta({ id: 'TotpBegin' });
export const TotpBegunSchema = z
  .object({
    /** Base32, shown once. */
    secret: z.string(),
    /** otpauth://totp/…, for a QR code. */
    uri: z.string(),
  })
  .meta({ id: 'TotpBegun' });
export type TotpBegun = z.infer<typeof TotpBegunSchema>;
/** POST /api/v1/me/totp/confirm */
export const TotpConfirmSchema = z
  .strictObject({
    code: z
      .string()
      .trim()
      .regex(/^\d{6}$/, 'six digits'),
  })
  .meta({ id: 'TotpConfirm' });
export const TotpConfirmedSchema = z
  .object({
    /** Each is good once in the place of a code; never shown again. */
    recoveryCodes: z.array(z.string()),
  })
  .meta({ id: 'TotpConfirmed' });
export type TotpConfirmed = z.infer<typeof TotpConfirmedSchema>;
/** POST /api/v1/me/totp/disable */
export const TotpDisableSchema = z.strictObject({ password, code }).meta({ id: 'TotpDisable' });

/** GET /api/v1/access: what rights there are, for whoever draws a form of a role. */
export const AccessOverviewSchema = z
  .object({
    functions: z.array(z.object({ id: z.enum(FUNCTIONS), modes: z.array(z.enum(MODES)) })),
    /** Built-in ones and those of the kind `role`, by id. */
    roles: z.array(
      z.object({
        id: z.string(),
        builtIn: z.boolean(),
        /** false: nobody is in it by being given it (ALL_USERS). */
        given: z.boolean(),
        enabled: z.boolean(),
        body: RoleBodySchema,
        /** How many users were given it. */
        users: z.int(),
      }),
    ),
  })
  .meta({ id: 'Access' });
export type AccessOverview = z.infer<typeof AccessOverviewSchema>;
