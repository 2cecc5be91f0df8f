import { z } from 'zod';
import { NodeConfigSchema } from './config.js';

/** What `yosugara join` and the first server say to each other, JSON over TLS 1.3. */
export const JOINING_PATHS = {
  /** POST, with a token: a certificate and the cluster's secrets. */
  join: '/v1/join',
  /** GET, with that certificate: who is still missing, and the configuration when nobody is. */
  forming: '/v1/forming',
  /** POST, likewise: the whole configuration is on its disk. */
  formed: '/v1/formed',
} as const;

const cluster = NodeConfigSchema.shape.cluster;
const memberKind = cluster.shape.members.element.shape.kind;
const sha256 = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

/** What a join token says. `secret` lets its bearer in once, as that member only; `authority` tells the bearer whom to believe. */
const JoinTokenSchema = z.strictObject({
  address: z.union([z.ipv4(), z.ipv6()]),
  port: z.int().min(1).max(65535),
  member: cluster.shape.members.element.shape.id,
  kind: memberKind,
  /** SHA-256 of the authority's certificate (DER), base64url. */
  authority: sha256,
  secret: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  untilS: z.int().min(0),
});
export type MemberToken = z.infer<typeof JoinTokenSchema>;

const PREFIX = 'yjm1.';

export const memberTokenText = (token: MemberToken): string =>
  PREFIX + btoa(JSON.stringify(token)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');

/** null: this is none. */
export function memberTokenOf(text: string): MemberToken | null {
  const trimmed = text.trim();
  if (!trimmed.startsWith(PREFIX) || trimmed.length > 2_048) return null;
  try {
    const json = atob(trimmed.slice(PREFIX.length).replaceAll('-', '+').replaceAll('_', '/'));
    return JoinTokenSchema.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    return null;
  }
}

export const MemberJoinSchema = z.strictObject({
  member: z.string().max(64),
  secret: z.string().max(128),
  /** PKCS #10, PEM: the key of its TLS certificate. */
  request: z.string().max(8_192),
  /** Of the identity that it made. */
  peerId: z.string().regex(/^[1-9A-HJ-NP-Za-km-z]{40,64}$/),
});
export type MemberJoin = z.infer<typeof MemberJoinSchema>;

/** Everything of a node's configuration that the first server decides; the peer ids of who has not joined yet are `pending`. */
const SharedConfigSchema = NodeConfigSchema.pick({
  ...{ cluster: true, ports: true, stateDir: true, dataDir: true, console: true },
  backup: true,
});
export type SharedConfig = z.infer<typeof SharedConfigSchema>;

/** Of the consensus log that the first server begins with, where it goes on with restored data; absent: a cluster that is new. */
const LogSchema = z.string().max(128).optional();

export const MemberWelcomeSchema = z.strictObject({
  certificate: z.string(),
  authority: z.string(),
  /** File below the state directory → what is in it. A witness gets none. */
  secrets: z.record(z.string().regex(/^secrets\/[a-z0-9][a-z0-9._-]{0,63}$/), z.string().max(65_536)),
  config: SharedConfigSchema,
  log: LogSchema,
  /** The first server's wall clock when it answered. */
  clockMs: z.number(),
});
export type MemberWelcome = z.infer<typeof MemberWelcomeSchema>;

export const FormingSchema = z.strictObject({
  missing: z.array(z.string()),
  /** With all peer ids; null until nobody is missing. */
  config: SharedConfigSchema.nullable(),
  clockMs: z.number(),
});
export type Forming = z.infer<typeof FormingSchema>;

/** The peer id of a member that has not joined: no member has it, so nothing can be begun with it. */
export const PENDING_PEER = 'pending';

const LocalSchema = z.strictObject({ postgresBin: z.string().optional() });

/** What the first server knows of a cluster that is being formed; a file of its own, gone when the cluster is whole. */
export const FormingStateSchema = z.strictObject({
  version: z.literal(1),
  self: z.string(),
  /** Where joins are answered. */
  port: z.int(),
  config: SharedConfigSchema,
  local: LocalSchema,
  /** Files below the state directory that `--secret` gave, or a backup: they go to all data nodes. */
  given: z.array(z.string()).optional(),
  log: LogSchema,
  tokens: z.array(
    z.strictObject({
      member: z.string(),
      /** SHA-256 of the secret, base64url: the file does not hold what lets somebody in. */
      digest: sha256,
      untilMs: z.number(),
      /** Who used it, by identity and by key: the same one may ask again when the answer was lost. */
      usedBy: z.strictObject({ peerId: z.string(), request: sha256 }).nullable(),
    }),
  ),
  /** Members that have the whole configuration on their disks. */
  formed: z.array(z.string()),
});
export type FormingState = z.infer<typeof FormingStateSchema>;

/** What a member that has joined waits for, and where. */
export const WaitingStateSchema = z.strictObject({
  version: z.literal(1),
  member: z.string(),
  first: z.strictObject({ address: z.string(), port: z.int() }),
  config: SharedConfigSchema,
  local: LocalSchema,
});
export type WaitingState = z.infer<typeof WaitingStateSchema>;
