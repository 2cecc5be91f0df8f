import type { AccessConfig } from '@yosugara/protocol';

/** Injection tokens of what is an interface, or is made before Nest. */
export const LOG = Symbol('Log');
export const CLOCK = Symbol('Clock');
export const STORE = Symbol('ManagerStore');
export const AUTHORITY = Symbol('Authority');
export const SETTINGS = Symbol('ApiSettings');
export const CONTROLLER = Symbol('AskController');
export const LIFECYCLE = Symbol('Lifecycle');
export const OPERATIONS = Symbol('Operations');
export const AGENTS = Symbol('Agents');
export const SELF = Symbol('SelfHandle');
export const EXTERNAL = Symbol('External');

/** What the API knows of its configuration. */
export interface ApiSettings {
  readonly node: string;
  readonly sessionKey: Buffer;
  readonly probeToken: string | null;
  /** Bearer of GET /metrics; null = no such file. */
  readonly metricsToken: string | null;
  /** Both, by name. */
  readonly dataNodes: readonly string[];
  /** Host and port of the other nodes' consoles; none where one address goes with the Master. */
  readonly others: readonly string[];
  readonly staticDir: string;
  /** Login attempts a minute for one account from one address. */
  readonly loginsPerMinute: number;
  readonly clusterId: string;
  readonly access: AccessConfig;
  /** Whether this node encrypts its journals; missing: it does not. */
  readonly journals?: 'on' | 'off';
}
