import { BUILT_IN_ROLES, isBuiltInRole, MODES, type RoleBody } from '@yosugara/protocol';
import type { LiveSettings } from '../settings/live-settings.js';
import { Rights } from './rights.js';

const HOST = 'the host itself';
const METRICS = 'metrics';
/** Whoever can read the node's own files: an operator who also lets agents in. */
const HOST_BODY: RoleBody = {
  ...BUILT_IN_ROLES.operator,
  grants: { ...BUILT_IN_ROLES.operator.grants, agent: [...MODES] },
};
const METRICS_BODY: RoleBody = { name: METRICS, grants: { cluster: ['read'] }, reaches: [] };
const MOST = 1_000;

/** Roles as they are now: built-in ones, and settings of the kind `role` that are in force. */
export class KnownRoles {
  readonly #live: Pick<LiveSettings, 'snapshot'>;
  readonly host = new Rights([HOST], (role) => (role === HOST ? HOST_BODY : undefined));
  readonly metrics = new Rights([METRICS], (role) => (role === METRICS ? METRICS_BODY : undefined));
  #version = Number.NaN;
  readonly #known = new Map<string, Rights>();

  constructor(live: Pick<LiveSettings, 'snapshot'>) {
    this.#live = live;
  }

  of(roles: readonly string[]): Rights {
    const { version } = this.#live.snapshot;
    if (version !== this.#version || this.#known.size >= MOST) this.#known.clear();
    this.#version = version;
    const key = roles.join('\n');
    const known = this.#known.get(key) ?? new Rights(roles, (role) => this.bodyOf(role));
    this.#known.set(key, known);
    return known;
  }

  isThere(role: string): boolean {
    return isBuiltInRole(role) || this.#live.snapshot.get('role', role) !== undefined;
  }

  /** As if all of them were in force. */
  whole(roles: readonly string[]): Rights {
    return new Rights(roles, (role) => this.bodyOf(role) ?? this.#live.snapshot.get('role', role)?.body);
  }

  bodyOf(role: string): RoleBody | undefined {
    if (isBuiltInRole(role)) return BUILT_IN_ROLES[role];
    const setting = this.#live.snapshot.get('role', role);
    return setting?.enabled === true ? setting.body : undefined;
  }
}
