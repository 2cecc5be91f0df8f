import { z } from 'zod';

const port = z.int().min(1).max(65_535);

/** Where the audit log goes besides the database: lines of RFC 5424, each at least once. */
const AuditSyslogSchema = z.strictObject({
  /** What its position is remembered under: another name begins anew. */
  name: z.string().regex(/^[a-z][a-z0-9_-]{0,30}$/, 'a lower-case letter, then up to 30 of a-z 0-9 _ -'),
  transport: z.enum(['udp', 'tcp', 'tls']).default('tcp'),
  host: z.string().min(1).max(253),
  port: port.default(514),
  /** RFC 5424 6.2.1; 13 = log audit. */
  facility: z.int().min(0).max(23).default(13),
  /** tls: PEM of whom to believe; default: whom the system does. */
  caFile: z.string().optional(),
  /** tls: the name in its certificate; default: `host`. */
  serverName: z.string().min(1).optional(),
});
export type AuditSyslogConfig = z.infer<typeof AuditSyslogSchema>;

/** Which roles whoever is in a group gets; `group` as the directory or the provider writes it. */
const RoleMapSchema = z
  .array(z.strictObject({ group: z.string().min(1).max(1_024), roles: z.array(z.string().min(1).max(64)).min(1).max(32) }))
  .max(1_000)
  .default([]);

const LdapSchema = z.strictObject({
  /** ldaps://host, or ldap://host with `startTls`. Tried in this order. */
  urls: z
    .array(z.string().regex(/^ldaps?:\/\/[^\s]{1,250}$/, 'ldaps://HOST or ldap://HOST'))
    .min(1)
    .max(8),
  startTls: z.boolean().default(false),
  /** Passwords in the clear over the network: for a directory on this host. */
  allowPlain: z.boolean().default(false),
  caFile: z.string().optional(),
  /** Who searches; none: anonymously. */
  bindDn: z.string().max(1_024).optional(),
  /** File with its password. */
  bindPasswordFile: z.string().optional(),
  base: z.string().min(1).max(1_024),
  /** {login} is replaced by what was typed, escaped. */
  filter: z.string().min(3).max(1_024).default('(&(objectClass=person)(uid={login}))'),
  nameAttribute: z.string().default('cn'),
  mailAttribute: z.string().default('mail'),
  /** Of the person: DNs of groups. */
  groupsAttribute: z.string().default('memberOf'),
  /** Where groups are searched instead; {dn} and {login} are replaced, escaped. */
  groupBase: z.string().max(1_024).optional(),
  groupFilter: z.string().max(1_024).default('(member={dn})'),
  roles: RoleMapSchema,
  /** Of everybody who logs in this way. */
  defaultRoles: z.array(z.string().min(1).max(64)).max(32).default([]),
  timeoutMs: z.int().min(100).max(30_000).default(5_000),
});
export type LdapConfig = z.infer<typeof LdapSchema>;

const OidcSchema = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'a lower-case letter, then up to 30 of a-z 0-9 -'),
  name: z.string().min(1).max(128),
  /** Its discovery document lies below it. */
  issuer: z.url(),
  clientId: z.string().min(1).max(256),
  /** File with the client's secret; none: a public client (PKCE is used either way). */
  clientSecretFile: z.string().optional(),
  /** Of this cluster, as browsers know it: https://HOST:PORT; the provider is told BASE/api/login/oidc/ID/callback. */
  publicUrl: z.url(),
  scopes: z.array(z.string().min(1).max(64)).max(20).default(['openid', 'profile', 'email']),
  loginClaim: z.string().default('preferred_username'),
  groupsClaim: z.string().default('groups'),
  /** For specs and closed networks: an issuer without TLS. */
  allowInsecure: z.boolean().default(false),
  roles: RoleMapSchema,
  defaultRoles: z.array(z.string().min(1).max(64)).max(32).default([]),
  timeoutMs: z.int().min(100).max(30_000).default(5_000),
});
export type OidcConfig = z.infer<typeof OidcSchema>;

/** `access` of `yosugara.yaml` (docs/access.md); the Master's is followed, so give both nodes the same. */
export const AccessSchema = z.strictObject({
  /** Wrong passwords or codes in a row, after which nobody gets in under that login for a minute, then for two, four … */
  lockAfter: z.int().min(1).max(1_000).default(5),
  /** … up to this. */
  lockMostMinutes: z.int().min(1).max(1_440).default(60),
  /** Of each user, of all their sessions and tokens together, and of each address that nobody is logged in from; ten times as many at once. */
  requestsPerSecond: z.int().min(1).max(100_000).default(100),
  sessionHours: z.int().min(1).max(168).default(12),
  auditDays: z.int().min(1).max(36_500).default(3_660),
  auditSyslog: z.array(AuditSyslogSchema).max(8).default([]),
  ldap: LdapSchema.optional(),
  oidc: z.array(OidcSchema).max(8).default([]),
});
export type AccessConfig = z.infer<typeof AccessSchema>;
