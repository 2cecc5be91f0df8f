export { type DeadManReport, monotonicMs, type SpawnSpec } from './deadman/protocol.js';
export { type DeadManOptions, type HostDeadMan, type ProcessExit, startDeadMan } from './deadman/start.js';
export { publicKeyOf, verifyStopProof } from './deadman/stop-proof.js';
export * from './errors.js';
export type { PostgresHostOptions } from './postgres/context.js';
export { createPostgresHost } from './postgres/host.js';
export { APP_ROLE, DATABASE, MANAGER_ROLE, REPLICATION_ROLE } from './postgres/secrets.js';
export { createVipDriver, type VipOptions } from './vip/driver.js';
export { type HostWatchOptions, startHostWatch } from './watch/host-watch.js';
