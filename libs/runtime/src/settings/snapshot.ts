import { readBody, SETTING_KINDS, type SettingKey, type SettingKind } from '@yosugara/protocol';
import { FacilityIndex } from './facilities.js';
import type { LiveOf, LiveSetting, SettingsNews, SettingsStamp } from './types.js';

/** What was stored by another version of this program and cannot be read by this one. */
export interface UnreadableSetting extends SettingKey {
  readonly revision: number;
}

const UNREADABLE = Symbol('unreadable');

/** Its body is one that this version knows, with all its defaults; made by `readSettings`. */
export interface ReadSetting extends LiveSetting {
  readonly isRead: true;
}

/** The larger part of the work of a change, apart so that a large one can be done in pieces. */
export const readSettings = (stored: readonly LiveSetting[]): readonly ReadSetting[] =>
  stored.map(({ body, ...setting }) => ({ ...setting, body: readBody(setting.kind, body) ?? UNREADABLE, isRead: true }));

const NOTHING: SettingsStamp = { version: -1, epoch: -1 };

/**
 * All settings in memory, as of one version. Readers see a change whole: it is put in between two turns of the event loop. What they hold of
 * one turn (a node, a list) may be old in the next.
 */
export class SettingsSnapshot {
  #kinds = emptyKinds();
  #facilities = new FacilityIndex();
  #unreadable = new Map<string, UnreadableSetting>();
  #stamp = NOTHING;
  readonly #roles = new Map<string, string>();
  readonly #listeners = new Set<(news: SettingsNews) => void>();

  /** -1: nothing was read yet. */
  get version(): number {
    return this.#stamp.version;
  }
  get stamp(): SettingsStamp {
    return this.#stamp;
  }
  get nodes(): ReadonlyMap<string, LiveOf<'node'>> {
    return this.#facilities.nodes;
  }
  /** Built-in ones, too. */
  get scopes(): ReadonlyMap<string, LiveOf<'scope'>> {
    return this.#facilities.scopes;
  }
  /** Paths, membership, and whose an address is. Another object after everything was read anew: ask for it each time. */
  get facilities(): Omit<FacilityIndex, 'putNode' | 'removeNode' | 'putScope' | 'removeScope'> {
    return this.#facilities;
  }
  get unreadable(): readonly UnreadableSetting[] {
    return [...this.#unreadable.values()];
  }

  get<Kind extends SettingKind>(kind: Kind, id: string): LiveOf<Kind> | undefined {
    return this.all(kind).get(id);
  }

  all<Kind extends SettingKind>(kind: Kind): ReadonlyMap<string, LiveOf<Kind>> {
    return this.#mapOf(kind) as ReadonlyMap<string, unknown> as ReadonlyMap<string, LiveOf<Kind>>;
  }

  /** Those in force, by id. */
  enabled<Kind extends SettingKind>(kind: Kind): readonly LiveOf<Kind>[] {
    return [...this.all(kind).values()].filter(({ enabled }) => enabled).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Called after each change, within the same turn. @returns ends it. */
  watch(listener: (news: SettingsNews) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Another snapshot's content in the place of all that was here. */
  replaceBy(other: SettingsSnapshot, stamp: SettingsStamp): void {
    this.#kinds = other.#kinds;
    this.#facilities = other.#facilities;
    this.#unreadable = other.#unreadable;
    this.#stamp = stamp;
    this.#tell({ isWhole: true, changed: [], removed: [] });
  }

  /** While a snapshot is being built: nobody is told. */
  add(settings: readonly ReadSetting[]): void {
    for (const setting of settings) this.#put(setting);
  }

  apply(changed: readonly ReadSetting[], removed: readonly SettingKey[], stamp: SettingsStamp): void {
    for (const key of removed) this.#remove(key);
    this.add(changed);
    this.#stamp = stamp;
    if (changed.length > 0 || removed.length > 0)
      this.#tell({ isWhole: false, changed: changed.map(({ kind, id }) => ({ kind, id })), removed });
  }

  #put({ body, ...read }: ReadSetting): void {
    const { kind, id, revision, description, enabled, ownerRole } = read;
    const key = `${kind}/${id}`;
    this.#unreadable.delete(key);
    if (body === UNREADABLE) {
      this.#remove({ kind, id });
      this.#unreadable.set(key, { kind, id, revision });
      return;
    }
    // Each row has a string of its own for it.
    const role = this.#roles.get(ownerRole) ?? ownerRole;
    this.#roles.set(role, role);
    const setting = { kind, id, revision, description, enabled, ownerRole: role, body };
    if (kind === 'node') this.#facilities.putNode(setting as LiveOf<'node'>);
    else if (kind === 'scope') this.#facilities.putScope(setting as LiveOf<'scope'>);
    else this.#kinds.get(kind)?.set(id, setting);
  }

  #remove({ kind, id }: SettingKey): void {
    this.#unreadable.delete(`${kind}/${id}`);
    if (kind === 'node') this.#facilities.removeNode(id);
    else if (kind === 'scope') this.#facilities.removeScope(id);
    else this.#kinds.get(kind)?.delete(id);
  }

  #mapOf(kind: SettingKind): ReadonlyMap<string, LiveSetting> {
    if (kind === 'node') return this.#facilities.nodes;
    if (kind === 'scope') return this.#facilities.scopes;
    return this.#kinds.get(kind)!;
  }

  #tell(news: SettingsNews): void {
    for (const listener of this.#listeners) listener(news);
  }
}

const emptyKinds = () => new Map(SETTING_KINDS.map((kind) => [kind, new Map<string, LiveSetting>()]));
