import { z } from 'zod';
import { AccessSchema } from './access/config.js';
import { BackupSchema } from './backup-config.js';
import { PrioritySchema, SettingIdSchema } from './settings/common.js';

const id = z.string().regex(/^[a-z][a-z0-9_]{0,30}$/, 'a lower-case letter, then up to 30 of a-z 0-9 _');
const address = z.union([z.ipv4(), z.ipv6()]);
const port = z.int().min(1).max(65535);

/** 4 or 6; null: this is no address. */
export function addressFamily(text: string): 4 | 6 | null {
  if (z.ipv4().safeParse(text).success) return 4;
  return z.ipv6().safeParse(text).success ? 6 : null;
}

/** Every member listens on the same ports of its own address. Installed servers use 514, 6514 and 162. */
const Ports = z.strictObject({
  console: port.default(8080),
  status: port.default(8081),
  /** Agents: mutual TLS. */
  agents: port.default(8084),
  /** Consensus: libp2p. */
  cluster: port.default(7946),
  /** Copy of the receivers' journals: mutual TLS. */
  journal: port.default(7947),
  syslog: port.default(5514),
  syslogTls: port.default(6514),
  /** RELP. */
  relp: port.default(2514),
  /** Custom traps over HTTP(S). */
  customTrap: port.default(8162),
  trap: port.default(1162),
  postgres: port.default(5442),
});

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

export const ProfileName = z.enum(['fast', 'lan', 'tolerant', 'vm', 'wan-arbiter']);
export type ProfileName = z.infer<typeof ProfileName>;

export const StopProofKind = z.enum(['P1', 'P2', 'P3', 'P4', 'P5']);
export type StopProofKind = z.infer<typeof StopProofKind>;

/** A sender: an address, a network (10.0.0.0/8), or for TLS the name in its certificate (subject alternative name, then CN). */
const sender = z.string().min(1).max(255);

const limits = {
  /** Of one source address, over all its sockets; 0: no limit. Above it UDP is counted and dropped, TCP, TLS, RELP and HTTP are slowed down. */
  messagesPerSecond: z.int().min(0).max(10_000_000),
  /** How many of them at once; default: those of two seconds. */
  burst: z.int().min(1),
  /** Connections of one source address. */
  connections: z.int().min(1).max(65_536),
  /** A longer message is cut, and says so. RFC 5425 4.3.1 asks for at least 8192. */
  messageBytes: z.int().min(2048).max(8_388_608),
};
const LimitsSchema = z.strictObject({
  messagesPerSecond: limits.messagesPerSecond.default(0),
  burst: limits.burst.optional(),
  connections: limits.connections.default(100),
  messageBytes: limits.messageBytes.default(65_536),
});
/** Without defaults: what is not said is as for every source. */
const SourceLimitsSchema = z.strictObject(limits).partial();

/**
 * RFC 3414, RFC 7860 (SHA-2), RFC 3826 (AES-128). aes192 and aes256 as net-snmp has them (key extension of draft-blumenthal-aes-usm-04), aes192c and
 * aes256c as Cisco does (draft-reeder-snmpv3-usm-3desede).
 */
const UsmUserSchema = z.strictObject({
  name: z.string().min(1).max(32),
  auth: z.enum(['none', 'md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512']).default('sha256'),
  priv: z.enum(['none', 'des', 'aes128', 'aes192', 'aes256', 'aes192c', 'aes256c']).default('aes128'),
  /** Files with one passphrase each, of at least 8 characters (RFC 3414 11.2). */
  authSecretFile: z.string().optional(),
  privSecretFile: z.string().optional(),
});
export type UsmUserConfig = z.infer<typeof UsmUserSchema>;

/** What the receiver listens to besides syslog over UDP and TCP and traps, and whom it lets in. */
const ReceiverSchema = z.strictObject({
  maxJournalMb: z.int().min(1).default(1024),
  /**
   * Of each UDP socket, as far as `net.core.rmem_max` lets it. The kernel doubles it and charges about 1.3 kB for a datagram of 200 bytes: this holds some
   * 200 000 of them, two seconds of a storm of 100 000/s in which the receiver does not get the processor at all. Memory is used while datagrams wait, not before.
   */
  receiveBufferBytes: z.int().min(4096).default(134_217_728),
  /** Sockets that share the UDP syslog port (SO_REUSEPORT): the kernel spreads the senders over them. */
  udpSockets: z.int().min(1).max(16).default(1),
  /** Senders whose messages are taken at all; empty: everybody. Refused ones are counted by address. */
  allow: z.array(sender).default([]),
  /** Of every source, where `sources` says nothing else. */
  limits: LimitsSchema.prefault({}),
  /** Connections of all sources together, for each listener. */
  maxConnections: z.int().min(1).max(65_536).default(1_000),
  /** What is known of single senders, by address. */
  sources: z
    .array(
      z.strictObject({
        address,
        /** both: it sends everything to both nodes. single: to one place only, so its messages never pair. */
        delivery: z.enum(['both', 'single']).default('both'),
        /** The address under which it is known when it leaves by another one. */
        alias: address.optional(),
        /** What its bytes mean when they are no UTF-8. */
        charset: z.enum(['utf-8', 'shift_jis', 'euc-jp', 'iso-8859-1', 'windows-1252']).optional(),
        /** IANA name (Asia/Tokyo) for times that say no zone; default: UTC. */
        timeZone: z.string().min(1).optional(),
        limits: SourceLimitsSchema.optional(),
      }),
    )
    .max(100_000)
    .default([]),
  /** RFC 5425. The certificate is the node's own unless another is named. */
  tls: z
    .strictObject({
      enabled: z.boolean().default(true),
      keyFile: z.string().optional(),
      certFile: z.string().optional(),
      /** Signs the senders' certificates; default: the cluster's CA. */
      caFile: z.string().optional(),
      clientCertificate: z.enum(['none', 'optional', 'required']).default('optional'),
      /** Names or addresses; empty: whoever the CA signed. */
      allow: z.array(sender).default([]),
    })
    .prefault({}),
  /** librelp's protocol: an acknowledgement means "on both disks". */
  relp: z.strictObject({ enabled: z.boolean().default(true), tls: z.boolean().default(false) }).prefault({}),
  /** Custom traps: POST /custom-trap with a bearer token, one a line in the file; default: `secrets.customTrapTokens`. No file: off. */
  http: z.strictObject({ tls: z.boolean().default(true), tokensFile: z.string().optional() }).prefault({}),
  traps: z
    .strictObject({
      /** v1 and v2c; empty: any. */
      communities: z.array(z.string().min(1).max(255)).default([]),
      users: z.array(UsmUserSchema).max(1_000).default([]),
    })
    .prefault({}),
});
export type ReceiverConfig = z.infer<typeof ReceiverSchema>;

/** A host of the outside that lines of syslog about ourselves go to; `local`: the one of this host, through its socket. */
const SelfSyslogSchema = z.strictObject({
  transport: z.enum(['local', 'udp', 'tcp', 'tls']).default('udp'),
  /** An address, or a whole name. */
  host: z.string().min(1).max(253).optional(),
  port: port.optional(),
  /** local: where syslogd listens. */
  socket: z.string().startsWith('/').default('/dev/log'),
  /** RFC 5424 6.2.1; 3 = daemon. */
  facility: z.int().min(0).max(23).default(3),
  /** These and worse ones. */
  from: PrioritySchema.default('warning'),
  /** tls: PEM of whom to believe; default: whom the system does. */
  caFile: z.string().optional(),
  /** tls: the name in its certificate; default: `host`. */
  serverName: z.string().min(1).optional(),
});
export type SelfSyslogConfig = z.infer<typeof SelfSyslogSchema>;

const SelfLimitSchema = z.number().nullable().optional();

const days = (byDefault: number, least = 1) => z.int().min(least).max(36_500).default(byDefault);

/** How many days what monitors brought about is kept, and what else grows; the Master's is followed, so give both nodes the same. */
const RetentionSchema = z.strictObject({
  /** With what people did with them. */
  eventDays: days(400),
  /** What was measured. */
  valueDays: days(15, 2),
  /** Their sums of hours, of days and of months. */
  hourDays: days(400),
  dayDays: days(3_660),
  monthDays: days(36_500),
  /** Revisions of settings that are no longer the newest; those that sessions of jobs run on stay. */
  settingHistoryDays: days(400),
  /** What is remembered of monitors, nodes and notifications that were deleted, and their statuses. */
  memoryDays: days(30),
});
export type RetentionConfig = z.infer<typeof RetentionSchema>;

/** What the manager watches of ourselves and where it says so (docs/operations.md, "Watching ourselves"). */
const SelfMonitoringSchema = z.strictObject({
  everySeconds: z.int().min(1).max(60).default(5),
  /** By id of what is watched, in its unit (seconds, bytes, shares of 1); null: never. What is given is given whole. */
  limits: z
    .record(
      z.string(),
      z.strictObject({
        notice: SelfLimitSchema,
        warning: SelfLimitSchema,
        critical: SelfLimitSchema,
        /** It must last so long before it is told. */
        afterSeconds: z.number().min(0).max(86_400).optional(),
      }),
    )
    .default({}),
  /** Notifications that are told, besides the event. */
  notify: z.array(SettingIdSchema).max(20).default([]),
  file: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Default: `logs/internal.jsonl` below the state directory. */
      path: z.string().min(1).optional(),
      /** Of one file; then it is set aside and a new one begun. */
      maxMb: z.number().min(0.01).max(1_024).default(8),
      /** Those that were set aside. */
      keep: z.int().min(0).max(20).default(4),
      from: PrioritySchema.default('info'),
    })
    .prefault({}),
  syslog: z.array(SelfSyslogSchema).max(8).default([]),
});
export type SelfMonitoringConfig = z.infer<typeof SelfMonitoringSchema>;

/** `yosugara.yaml`, one a node. Unknown keys are refused. */
export const NodeConfigSchema = z.strictObject({
  cluster: z.strictObject({
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
  }),
  node: id,
  ports: Ports.prefault({}),
  /** Consensus log, receivers' journal, control socket, secrets. */
  stateDir: z.string().min(1),
  /** PGDATA lies below it; PostgreSQL's account must be able to reach it. */
  dataDir: z.string().min(1).optional(),
  postgres: z
    .strictObject({
      /** Directory with postgres, initdb, pg_rewind…; default: found. */
      bin: z.string().optional(),
      /** The operating system account PostgreSQL runs as when the controller is root. */
      user: z.string().default('postgres'),
      sharedBuffersMb: z.int().min(1).default(64),
    })
    .prefault({}),
  receiver: ReceiverSchema.prefault({}),
  watchdog: z
    .strictObject({
      /** auto: used where there is one. required: without a working one this node never owns. */
      mode: z.enum(['off', 'auto', 'required']).default('auto'),
      device: z.string().default('/dev/watchdog'),
    })
    .prefault({}),
  disks: z
    .strictObject({
      /** Kept to be given back when a volume is full, so that recovery has room. */
      ballastMb: z.int().min(0).default(64),
      warnPercent: z.int().min(1).max(99).default(80),
      highPercent: z.int().min(1).max(99).default(90),
      fullPercent: z.int().min(1).max(100).default(95),
    })
    .prefault({}),
  recover: z
    .strictObject({
      /** Megabytes per second of a base backup; 0: as fast as it goes. */
      rateLimitMbps: z.int().min(0).default(0),
      /** Old data directories that are kept beside the new one. */
      keepOld: z.int().min(0).max(9).default(1),
      /** Read every page of a data directory that waits for `recover`, and rebuild it when a checksum is wrong. */
      verifyPages: z.boolean().default(true),
    })
    .prefault({}),
  console: z
    .strictObject({
      staticDir: z.string().optional(),
      /** https on the console's port. The certificate is the node's own unless another is named; either is read again when its file changes. */
      tls: z
        .strictObject({
          /** false: only on loopback addresses, or where something in front of it ends TLS. */
          enabled: z.boolean().default(true),
          /** PEM, as their names say; a relative path begins at the state directory. */
          keyFile: z.string().min(1).optional(),
          /** With what is between it and its authority, in this order. */
          certFile: z.string().min(1).optional(),
        })
        .prefault({}),
    })
    .prefault({}),
  selfMonitoring: SelfMonitoringSchema.prefault({}),
  /** How received messages are kept in the database; the Master's is followed, so give both nodes the same. */
  messages: z
    .strictObject({
      retentionDays: z.int().min(1).max(36_500).default(90),
      /** Of one table below `message`; auto = hours while a day would be larger than `hourlyFromGib`. */
      partitions: z.enum(['auto', 'day', 'hour']).default('auto'),
      hourlyFromGib: z.int().min(1).default(32),
      /** Parts of the text are found without reading all of their time; costs disk and much of the rate of ingest. */
      textIndex: z.enum(['none', 'trigram']).default('none'),
      /** The same for structured data and the values of varbinds. */
      structuredIndex: z.boolean().default(false),
    })
    .prefault({}),
  retention: RetentionSchema.prefault({}),
  access: AccessSchema.prefault({}),
  backup: BackupSchema.optional(),
  /** Where the keys are that secrets and journals are encrypted by (docs/secrets.md). */
  secrets: z
    .strictObject({
      /** Used where systemd gives no credential `yosugara-keys` and the environment has no YOSUGARA_KEYS; default: `secrets/keys` below the state directory. */
      keyFile: z.string().min(1).optional(),
    })
    .prefault({}),
  journal: z
    .strictObject({
      /** Of the receivers' journals on this node's disk, own and copied, from the next segment on. */
      encryption: z.enum(['on', 'off']).default('off'),
    })
    .prefault({}),
});
export type NodeConfig = z.infer<typeof NodeConfigSchema>;
export type MemberConfig = z.infer<typeof MemberSchema>;

/**
 * What programs of the cluster ask a manager's https for (SNI): to them it shows the node's own certificate, which the cluster's CA signed, whichever
 * people see. It is nobody's name (RFC 2606).
 */
export const INSIDE_SERVER_NAME = 'inside.yosugara.invalid';

/** Below stateDir. Secrets are files of mode 0600, never on the command line. */
export const STATE_LAYOUT = {
  controlSocket: 'control.sock',
  /** How far the other members' consensus directories had come. */
  peers: 'peers.json',
  /** What the newest recover of this node did. */
  recover: 'recover.json',
  receiverSocket: 'receiver.sock',
  raft: 'raft',
  /** Another consensus log of the cluster's is newer than this node's. */
  superseded: 'superseded.json',
  journalOwn: 'journal/own',
  journalPeer: 'journal/peer',
  logs: 'logs',
  /** What the manager said about itself: for people, and what is no event yet. */
  internalFile: 'logs/internal.jsonl',
  internalPending: 'logs/internal-pending.jsonl',
  /** SNMP engine id and number of starts, counters, samples of what was refused. */
  snmp: 'snmp',
  pids: 'pids',
  secrets: {
    /** 32-byte ed25519 seed, base64. */
    identity: 'secrets/identity.seed',
    /** PEM: this node's TLS key and certificate, and the cluster's CA. */
    tlsKey: 'secrets/tls.key',
    tlsCert: 'secrets/tls.crt',
    clusterCa: 'secrets/ca.crt',
    /** One password a line file, the same on both nodes. */
    postgresSuperuser: 'secrets/pg-superuser',
    postgresReplication: 'secrets/pg-replication',
    postgresManager: 'secrets/pg-manager',
    /** The application role of tests and tools (lab's writer W1): may log in only on the serving Master. */
    postgresApp: 'secrets/pg-app',
    /** First console login, read once by the manager when no user exists. */
    firstLogin: 'secrets/first-login',
    /** HMAC key of console sessions, the same on both nodes. */
    sessionKey: 'secrets/session.key',
    /** Bearer tokens of custom traps, one a line, the same on both nodes. */
    customTrapTokens: 'secrets/custom-trap-tokens',
    /** Bearer token of GET /metrics, the same on both nodes; none: only sessions are let in. */
    metricsToken: 'secrets/metrics-token',
    /** Secrets and journals are encrypted by them, one a line, the newest last; the same on all nodes that hold data. */
    keys: 'secrets/keys',
    /** What backups are encrypted with, the same on both nodes; kept elsewhere, too: without it no backup can be read. */
    backupPassphrase: 'secrets/backup-passphrase',
  },
} as const;
