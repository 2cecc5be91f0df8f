import { z } from 'zod';
import { SettingIdSchema } from './common.js';
import { OwnScopeIdSchema, PLATFORMS } from './scope.js';
import { secretText } from './secrets.js';

const address = z.union([z.ipv4(), z.ipv6()], 'an IPv4 or IPv6 address');
const port = (usual: number) => z.int().min(1).max(65_535).default(usual);
const timeoutMs = (usual: number) => z.int().min(100).max(600_000).default(usual);
const retries = z.int().min(0).max(10).default(3);
const user = (usual: string) => z.string().min(1).max(128).default(usual);
const text = (max: number) => z.string().max(max).optional();
const unique = (values: readonly string[]) => new Set(values).size === values.length;

/** RFC 1123 2.1, and the underscore that many have. */
const HOST_NAME = /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*\.?$/;

export const SNMP_VERSIONS = ['v1', 'v2c', 'v3'] as const;
/** RFC 3411 3.4.3. */
export const SNMP_LEVELS = ['noAuthNoPriv', 'authNoPriv', 'authPriv'] as const;
/** As in the receiver's users (config.ts): aes192c and aes256c are Cisco's. */
export const SNMP_AUTH = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'] as const;
export const SNMP_PRIV = ['des', 'aes128', 'aes192', 'aes256', 'aes192c', 'aes256c'] as const;
/** A device that nobody told another one has it. */
export const USUAL_COMMUNITY = 'public';

export const SnmpAccessSchema = z.strictObject({
  version: z.enum(SNMP_VERSIONS).default('v2c'),
  port: port(161),
  timeoutMs: timeoutMs(5_000),
  retries,
  /** v1 and v2c; none: `public`. */
  community: secretText(256),
  /** v3. */
  user: z.string().max(32).default(''),
  level: z.enum(SNMP_LEVELS).default('authPriv'),
  auth: z.enum(SNMP_AUTH).default('sha1'),
  authSecret: secretText(256),
  priv: z.enum(SNMP_PRIV).default('aes128'),
  privSecret: secretText(256),
});
export type SnmpAccess = z.infer<typeof SnmpAccessSchema>;

export const SshAccessSchema = z.strictObject({
  user: user('root'),
  port: port(22),
  timeoutMs: timeoutMs(50_000),
  password: secretText(),
  privateKey: secretText(16_384),
  passphrase: secretText(),
});
export type SshAccess = z.infer<typeof SshAccessSchema>;

export const IpmiAccessSchema = z.strictObject({
  address,
  port: port(623),
  user: user('root'),
  password: secretText(),
  timeoutMs: timeoutMs(5_000),
  retries,
  /** lanplus: RMCP+ of IPMI 2.0. */
  protocol: z.enum(['lan', 'lanplus']).default('lanplus'),
  privilege: z.enum(['callback', 'user', 'operator', 'administrator']).default('operator'),
});
export type IpmiAccess = z.infer<typeof IpmiAccessSchema>;

const web = (who: string, usualPort: number) =>
  z.strictObject({
    user: user(who),
    password: secretText(),
    port: port(usualPort),
    protocol: z.enum(['http', 'https']).default('http'),
    timeoutMs: timeoutMs(5_000),
    retries,
  });

/**
 * A managed host. Parts that are not there have their usual values (`snmpOf` and its like): a hundred thousand nodes are held in memory.
 */
export const NodeBodySchema = z.strictObject({
  name: z.string().min(1).max(256),
  /** The first is the one that it is asked at; senders are known by any. */
  addresses: z.array(address).max(32).refine(unique, 'each address once').default([]),
  hostNames: z
    .array(z.string().regex(HOST_NAME, 'a host name, with or without its domain'))
    .max(32)
    .refine(unique, 'each name once')
    .default([]),
  /** Those that it is in, directly. */
  scopes: z.array(OwnScopeIdSchema).max(256).refine(unique, 'each scope once').default([]),
  /** Nodes that it is reached through, any one of them: while none lets anything through, its silence is nobody's news. */
  behind: z.array(SettingIdSchema).max(16).refine(unique, 'each node once').optional(),
  platform: z.enum(PLATFORMS).default('OTHER'),
  subPlatform: text(256),
  hardware: text(256),
  os: z.strictObject({ name: text(256), release: text(256), version: text(256), charset: text(64) }).optional(),
  snmp: SnmpAccessSchema.optional(),
  ssh: SshAccessSchema.optional(),
  ipmi: IpmiAccessSchema.optional(),
  wbem: web('root', 5_988).optional(),
  winrm: web('Administrator', 5_985).optional(),
  /** For commands and messages: `#[NAME]`. */
  variables: z
    .record(
      z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'a name of letters, digits and _, beginning with no digit'),
      z.string().max(4_096),
    )
    .refine((variables) => Object.keys(variables).length <= 256, 'at most 256 variables')
    .optional(),
  administrator: text(256),
  contact: text(1_024),
  notes: z.array(z.string().max(4_096)).max(64).optional(),
  job: z
    .strictObject({
      /** Higher ones are taken first. */
      priority: z.int().min(0).max(1_000).default(16),
      /** Commands at once; 0 = as many as come. */
      multiplicity: z.int().min(0).max(10_000).default(0),
    })
    .optional(),
});
export type NodeBody = z.infer<typeof NodeBodySchema>;

const USUAL_SNMP = SnmpAccessSchema.parse({});
const USUAL_SSH = SshAccessSchema.parse({});

/** How it is asked, whatever of it was said. */
export const snmpOf = (node: NodeBody): SnmpAccess => node.snmp ?? USUAL_SNMP;
export const sshOf = (node: NodeBody): SshAccess => node.ssh ?? USUAL_SSH;
export const communityOf = (snmp: SnmpAccess): string => snmp.community ?? USUAL_COMMUNITY;

/** What it cannot be without, and where it names it. */
export const nodeReferences = ({ scopes, behind = [] }: NodeBody) => [
  ...scopes.map((id, at) => ({ kind: 'scope' as const, id, place: `scopes.${at}` })),
  ...behind.map((id, at) => ({ kind: 'node' as const, id, place: `behind.${at}` })),
];

/** What only the whole shows, its secrets included. */
export function nodeMistakes({
  snmp,
}: NodeBody): readonly { readonly place: string; readonly found: string; readonly allowed: string }[] {
  if (snmp?.version !== 'v3') return [];
  const { level, authSecret, privSecret } = snmp;
  // RFC 3414 11.2.
  const short = (secret: string | null) => secret === null || secret.length < 8;
  const mistake = (place: string, found: string, allowed: string) => ({ place: `snmp.${place}`, found, allowed });
  const passphrase = `a passphrase of at least 8 characters, for the level ${level}`;
  return [
    ...(snmp.user === '' ? [mistake('user', '""', 'the name of the SNMPv3 user')] : []),
    ...(level !== 'noAuthNoPriv' && short(authSecret) ? [mistake('authSecret', 'none, or a shorter one', passphrase)] : []),
    ...(level === 'authPriv' && short(privSecret) ? [mistake('privSecret', 'none, or a shorter one', passphrase)] : []),
  ];
}
