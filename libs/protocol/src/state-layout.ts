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
