import { z } from 'zod';

const id = z.string().regex(/^[a-z][a-z0-9_]{0,30}$/, 'a lower-case letter, then up to 30 of a-z 0-9 _');
const address = z.union([z.ipv4(), z.ipv6()]);
const port = z.int().min(1).max(65535);

/** Every member listens on the same ports of its own address. Installed servers use 514, 6514 and 162. */
const Ports = z.strictObject({
  console: port.default(8080),
  status: port.default(8081),
  /** Consensus: libp2p. */
  cluster: port.default(7946),
  /** Copy of the receivers' journals: mutual TLS. */
  journal: port.default(7947),
  syslog: port.default(5514),
  syslogTls: port.default(6514),
  trap: port.default(1162),
  postgres: port.default(5442),
});

const MemberSchema = z.strictObject({
  id,
  kind: z.enum(['data', 'witness']),
  address,
  /** What fails together: a site, a rack, a hypervisor. */
  zone: z.string().min(1).default('default'),
  /** libp2p peer id of the member's ed25519 identity. */
  peerId: z.string().min(1),
});

export const ProfileName = z.enum(['fast', 'lan', 'tolerant', 'vm', 'wan-arbiter']);
export type ProfileName = z.infer<typeof ProfileName>;

export const StopProofKind = z.enum(['P1', 'P2', 'P3', 'P4', 'P5']);
export type StopProofKind = z.infer<typeof StopProofKind>;

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
        driver: z.enum(['bind', 'ip', 'none']),
        interface: z
          .string()
          .regex(/^[a-zA-Z0-9_.-]{1,15}$/)
          .optional(),
        prefixLength: z.int().min(1).max(128).default(24),
      })
      .optional(),
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
  receiver: z
    .strictObject({
      maxJournalMb: z.int().min(1).default(1024),
      receiveBufferBytes: z.int().min(4096).default(33_554_432),
    })
    .prefault({}),
  console: z.strictObject({ staticDir: z.string().optional() }).prefault({}),
});
export type NodeConfig = z.infer<typeof NodeConfigSchema>;
export type MemberConfig = z.infer<typeof MemberSchema>;

/** Below stateDir. Secrets are files of mode 0600, never on the command line. */
export const STATE_LAYOUT = {
  controlSocket: 'control.sock',
  receiverSocket: 'receiver.sock',
  raft: 'raft',
  journalOwn: 'journal/own',
  journalPeer: 'journal/peer',
  logs: 'logs',
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
  },
} as const;
