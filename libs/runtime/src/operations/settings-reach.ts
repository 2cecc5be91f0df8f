import { isPolled, type MonitorBody } from '@yosugara/protocol';
import type { SettingsSnapshot } from '../settings/index.js';
import type { ReachRules } from './rules.js';

const NONE: readonly string[] = [];

/** How nodes are reached, by the settings of now. */
export class SettingsReach implements ReachRules {
  readonly #snapshot: SettingsSnapshot;
  readonly #probed: ReadonlySet<string>;
  /** Monitors that say whether a node is reached, and where they look. */
  #monitors: ReadonlyMap<string, string> = new Map();
  #version: number | null = null;

  /** @param probed types of monitors that somebody looks for. */
  constructor(snapshot: SettingsSnapshot, probed: ReadonlySet<string>) {
    this.#snapshot = snapshot;
    this.#probed = probed;
  }

  behind(node: string): readonly string[] {
    return this.#snapshot.nodes.get(node)?.body.behind ?? NONE;
  }

  isWatched(node: string): boolean {
    for (const facility of this.#now().values()) if (this.#snapshot.facilities.isIn(node, facility)) return true;
    return false;
  }

  isReachability(monitor: string, node: string): boolean {
    const facility = this.#now().get(monitor);
    return facility !== undefined && this.#snapshot.facilities.isIn(node, facility);
  }

  #now(): ReadonlyMap<string, string> {
    if (this.#version === this.#snapshot.version) return this.#monitors;
    const found = new Map<string, string>();
    for (const { id, enabled, body: any } of this.#snapshot.all('monitor').values()) {
      const body = any as MonitorBody;
      if (enabled && isPolled(body) && body.monitor && body.reachability && this.#probed.has(body.type))
        found.set(id, body.facility);
    }
    this.#monitors = found;
    this.#version = this.#snapshot.version;
    return found;
  }
}
