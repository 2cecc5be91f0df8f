import { z } from 'zod';
import { address, id } from './config-words.js';

/** One power device, or one way to cut a node off. */
const FenceDeviceSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_-]{0,30}$/),
  /** `agent`: a ClusterLabs fence agent, options on its standard input. `command`: a program called with `off|on|status <node>`. */
  driver: z.enum(['agent', 'command']),
  /** Such as `fence_ipmilan`; an absolute path for `command`. */
  program: z.string().min(1),
  /** The agent's options as in `fence_ipmilan -o metadata`; a secret is a file's path in `secretFiles`. */
  options: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  secretFiles: z.record(z.string(), z.string()).default({}),
  timeoutMs: z.int().min(500).max(300_000).default(20_000),
  /** Declared time to a read-back `off`; the measured one replaces it. */
  offMs: z.int().min(100).max(120_000).default(5_000),
});
export type FenceDeviceConfig = z.infer<typeof FenceDeviceSchema>;

const HookSchema = z.strictObject({ program: z.string().min(1), timeoutMs: z.int().min(100).max(120_000).default(10_000) });

const MemberSchema = z.strictObject({
  id,
  /** dr: a data node in another site: asynchronous, never votes, promoted by hand only. */
  kind: z.enum(['data', 'witness', 'dr']),
  address,
  /** What fails together: a site, a rack, a hypervisor. */
  zone: z.string().min(1).default('default'),
  /** libp2p peer id of the member's ed25519 identity. */
  peerId: z.string().min(1),
  /** Power devices that switch this member off, by level: all of a level must succeed, the next level is tried otherwise. */
  fence: z.array(z.array(FenceDeviceSchema).min(1)).max(5).optional(),
});
export type MemberConfig = z.infer<typeof MemberSchema>;

export const ProfileName = z.enum(['fast', 'lan', 'tolerant', 'vm', 'wan-arbiter']);
export type ProfileName = z.infer<typeof ProfileName>;

export const StopProofKind = z.enum(['P1', 'P2', 'P3', 'P4', 'P5']);
export type StopProofKind = z.infer<typeof StopProofKind>;

/** What all members are told alike. */
export const ClusterSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]{3,40}$/),
  profile: ProfileName.default('lan'),
  policy: z.enum(['available', 'strict']).default('available'),
  stopProofs: z.array(StopProofKind).min(1).default(['P1', 'P2', 'P3']),
  autoRejoin: z.enum(['never', 'clean', 'always']).default('clean'),
  members: z.array(MemberSchema).min(2).max(9),
  vip: z
    .strictObject({
      address,
      driver: z.enum(['bind', 'ip', 'none', 'ocf', 'command']),
      /** ocf: `ocf:heartbeat:IPaddr2`; command: an absolute path, called with `hold|release|held`. */
      agent: z.string().optional(),
      /** ocf: the agent's parameters (OCF_RESKEY_…). */
      options: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
      interface: z
        .string()
        .regex(/^[a-zA-Z0-9_.-]{1,15}$/)
        .optional(),
      prefixLength: z.int().min(1).max(128).default(24),
    })
    .optional(),
  fencing: z
    .strictObject({
      /** Without an arbiter: how long the Standby waits before it shoots. Default: 2 × (jitter + the device's off time). */
      delayMs: z.int().min(0).max(120_000).optional(),
      /** Switch the node on again once somebody serves (needs three voters). */
      powerOnAfter: z.boolean().default(false),
      checkEveryMs: z.int().min(1_000).default(60_000),
    })
    .prefault({}),
  /** More automatic take-overs than this wait for an operator. */
  rateLimit: z.strictObject({ takeOvers: z.int().min(1).default(5), withinMinutes: z.int().min(1).default(60) }).prefault({}),
  hooks: z.strictObject({ beforePromotion: HookSchema.optional(), afterPromotion: HookSchema.optional() }).prefault({}),
  /** Of members (docs/certificates.md). They are renewed when two thirds of their life are over. */
  certificates: z
    .strictObject({
      /** Of a certificate that the cluster makes itself. */
      lifeDays: z.number().min(0.0005).max(3_660).default(365),
      /** How long a new authority is trusted by all before anything is signed by it, when the cluster replaces the old one itself. */
      overlapDays: z.number().min(0).max(365).default(30),
    })
    .prefault({}),
});
