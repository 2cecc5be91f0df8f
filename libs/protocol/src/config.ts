import { z } from 'zod';
import { AccessSchema } from './access/config.js';
import { BackupSchema } from './backup-config.js';
import { ClusterSchema } from './cluster-config.js';
import { id, port } from './config-words.js';
import { ReceiverSchema } from './receiver-config.js';
import { RetentionSchema } from './retention-config.js';
import { SelfMonitoringSchema } from './self-monitoring-config.js';

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
  /** Between sites: WAL that is packed (`dr.packed`), mutual TLS. On loopback of the copy also: where its PostgreSQL finds the Master when the line is bounded (`dr.lineMbit`). */
  line: port.default(7949),
});

/** `yosugara.yaml`, one a node. Unknown keys are refused. */
export const NodeConfigSchema = z.strictObject({
  cluster: ClusterSchema,
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
  /** The line to another site (docs/dr.md). */
  dr: z
    .strictObject({
      /** Read by a member of kind `dr` alone: megabits a second that WAL and copies take of the line to its site at most; 0: what they need. */
      lineMbit: z.int().min(0).max(100_000).default(0),
      /** What this node gets of the other site is packed there; all members with data run a version that knows this key. */
      packed: z.boolean().default(false),
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
  /** What hosts consist of (docs/inventory.md); the Master's is followed, so give both nodes the same. */
  inventory: z
    .strictObject({
      /** Each agent is asked so often, spread over that time; 0: only when somebody asks. */
      everyHours: z.int().min(0).max(720).default(24),
    })
    .prefault({}),
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

/**
 * What programs of the cluster ask a manager's https for (SNI): to them it shows the node's own certificate, which the cluster's CA signed, whichever
 * people see. It is nobody's name (RFC 2606).
 */
export const INSIDE_SERVER_NAME = 'inside.yosugara.invalid';
