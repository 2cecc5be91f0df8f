import { addressKey, hostNameKey, type NodeDirectory } from '@yosugara/operations';
import { BUILT_IN_SCOPES, isBuiltInScope } from '@yosugara/protocol';
import type { LiveOf } from './types.js';

type LiveNode = LiveOf<'node'>;
type LiveScope = LiveOf<'scope'>;
/** One id, as it nearly always is, or several. */
type Ids = string | readonly string[];
const NONE: readonly string[] = [];

/** Separates the names of a path, and ends that of a scope. */
const SEPARATOR = '>';

export interface ScopeOfTree {
  readonly id: string;
  readonly name: string;
  readonly parent: string | null;
  readonly sortOrder: number;
  readonly builtIn: boolean;
  readonly enabled: boolean;
}

/** Nodes and scopes as they hang together. A hundred thousand nodes: one entry a node in each index, and no list of a scope before somebody asks for it. */
export class FacilityIndex {
  readonly nodes = new Map<string, LiveNode>();
  readonly scopes = new Map<string, LiveScope>();
  readonly #byAddress = new Map<string, Ids>();
  readonly #byHostName = new Map<string, Ids>();
  /** Direct members. */
  readonly #members = new Map<string, Set<string>>();
  readonly #children = new Map<string, Set<string>>();
  #below = new Map<string, readonly string[]>();

  putNode(node: LiveNode): void {
    const before = this.nodes.get(node.id);
    if (before !== undefined) this.#unlink(before);
    this.nodes.set(node.id, node);
    for (const address of node.body.addresses) addTo(this.#byAddress, addressKey(address), node.id);
    for (const name of node.body.hostNames) addTo(this.#byHostName, hostNameKey(name), node.id);
    for (const scope of node.body.scopes) setOf(this.#members, scope).add(node.id);
    this.#below = new Map();
  }

  removeNode(id: string): void {
    const before = this.nodes.get(id);
    if (before === undefined) return;
    this.#unlink(before);
    this.nodes.delete(id);
    this.#below = new Map();
  }

  putScope(scope: LiveScope): void {
    this.#unhang(scope.id);
    this.scopes.set(scope.id, scope);
    if (scope.body.parent !== null) setOf(this.#children, scope.body.parent).add(scope.id);
    this.#below = new Map();
  }

  removeScope(id: string): void {
    this.#unhang(id);
    this.scopes.delete(id);
    this.#below = new Map();
  }

  /** Nodes in force that are that facility, or are in it or below it. In no order; shared by everybody who asks: not to be changed. */
  nodesBelow(facility: string): readonly string[] {
    const known = this.#below.get(facility);
    if (known !== undefined) return known;
    const below = this.#collect(facility);
    if (this.#below.size >= MAX_CACHED) this.#below.clear();
    this.#below.set(facility, below);
    return below;
  }

  /** The node, or what stands for one (`UNREGISTERED`, `INTERNAL`), is that facility, or is in it or below it. Nodes out of force are nowhere. */
  isIn(node: string, facility: string): boolean {
    const found = this.nodes.get(node);
    if (found === undefined) return node === facility && isBuiltInScope(node);
    if (!found.enabled) return false;
    if (node === facility) return true;
    if (isBuiltInScope(facility)) return isBuiltInOf(found, facility);
    return found.body.scopes.some((scope) => this.#isWithin(scope, facility));
  }

  /** Scopes in force that the node is in or below, or that stands for one; nothing of a node out of force. */
  scopesAbove(node: string): readonly string[] {
    const found = this.nodes.get(node);
    if (found === undefined) return isBuiltInScope(node) ? [node] : this.#upwards(node);
    if (!found.enabled) return NONE;
    const above = new Set(['REGISTERED', 'OS', found.body.scopes.length === 0 ? 'UNALLOCATED' : '', found.body.platform]);
    for (const scope of found.body.scopes) for (const each of this.#upwards(scope)) above.add(each);
    above.delete('');
    return [...above];
  }

  /**
   * As events show it: `Tokyo>Web>` of a scope, its name of a node, and `Tokyo>Web>web1` of a node of that scope. What is not known is
   * called by its id.
   */
  pathOf(facility: string, within: string | null = null): string {
    const node = this.nodes.get(facility);
    if (node === undefined) return this.#scopePath(facility);
    const scope = within === null || within === facility || !this.isIn(facility, within) ? '' : this.#scopePath(within);
    return scope + node.body.name;
  }

  /** Those with this address, also those out of force. */
  nodesOfAddress(address: string): readonly string[] {
    return listOf(this.#byAddress.get(addressKey(address)));
  }

  /** Those with this name; else those with the name without its domain. */
  nodesOfHostName(name: string): readonly string[] {
    const key = hostNameKey(name);
    const whole = this.#byHostName.get(key);
    const dot = key.indexOf('.');
    return listOf(whole ?? (dot > 0 ? this.#byHostName.get(key.slice(0, dot)) : undefined));
  }

  /** By address, then by host name (an address among them): whose message this is. Several may be; none: `[]`. */
  resolve(sender: { readonly address: string; readonly alias?: string; readonly host: string | null }): readonly string[] {
    const { address, alias, host } = sender;
    const byAddress = this.nodesOfAddress(address);
    if (byAddress.length > 0) return byAddress;
    const byAlias = alias === undefined ? NONE : this.nodesOfAddress(alias);
    if (byAlias.length > 0 || host === null) return byAlias;
    const isAddress = host.includes(':') || /^\d{1,3}(\.\d{1,3}){3}$/.test(host);
    return isAddress ? this.nodesOfAddress(host) : this.nodesOfHostName(host);
  }

  /** For `resolveNode` of libs/operations, which wants one: the first by id. */
  readonly directory: NodeDirectory = {
    byAddress: (address) => first(this.#byAddress.get(address)),
    byHostName: (name) => first(this.#byHostName.get(name)),
  };

  /** As a tree is drawn: each scope before those below it, by sort order, name and id among those of one parent. */
  tree(): readonly ScopeOfTree[] {
    const children = new Map<string | null, ScopeOfTree[]>();
    const hang = (scope: ScopeOfTree) => {
      const siblings = children.get(scope.parent);
      if (siblings === undefined) children.set(scope.parent, [scope]);
      else siblings.push(scope);
    };
    for (const scope of BUILT_IN_SCOPES) hang({ ...scope, builtIn: true, enabled: true });
    for (const { id, enabled, body } of this.scopes.values())
      if (!isBuiltInScope(id)) hang({ id, enabled, ...body, builtIn: false });
    const drawn: ScopeOfTree[] = [];
    const draw = (parent: string | null) => {
      const siblings = (children.get(parent) ?? []).sort(
        (a, b) => a.sortOrder - b.sortOrder || order(a.name, b.name) || order(a.id, b.id),
      );
      for (const scope of siblings) {
        drawn.push(scope);
        draw(scope.id);
      }
    };
    draw(null);
    return drawn;
  }

  /** Nodes of the scope itself, also those out of force. */
  countIn(scope: string): number {
    if (!isBuiltInScope(scope)) return this.#members.get(scope)?.size ?? 0;
    let count = 0;
    if (scope !== 'OS') for (const node of this.nodes.values()) if (isBuiltInOf(node, scope)) count += 1;
    return count;
  }

  #collect(facility: string): readonly string[] {
    const node = this.nodes.get(facility);
    if (node !== undefined) return node.enabled ? [facility] : NONE;
    if (isBuiltInScope(facility)) {
      const all: string[] = [];
      for (const each of this.nodes.values()) if (each.enabled && isBuiltInOf(each, facility)) all.push(each.id);
      return all;
    }
    const found = new Set<string>();
    const seen = new Set<string>();
    for (const open = [facility]; open.length > 0; ) {
      const scope = open.pop()!;
      if (seen.has(scope) || this.scopes.get(scope)?.enabled !== true) continue;
      seen.add(scope);
      for (const id of this.#members.get(scope) ?? []) if (this.nodes.get(id)?.enabled === true) found.add(id);
      open.push(...(this.#children.get(scope) ?? []));
    }
    return [...found];
  }

  /** @returns false through a scope out of force. */
  #isWithin(scope: string, facility: string): boolean {
    let at: string | null = scope;
    for (let depth = 0; at !== null && depth < MAX_STEPS; depth += 1) {
      const found: LiveScope | undefined = this.scopes.get(at);
      if (found?.enabled !== true) return false;
      if (at === facility) return true;
      at = found.body.parent;
    }
    return false;
  }

  /** It and those above it; up to one that is out of force. */
  #upwards(scope: string): readonly string[] {
    const above: string[] = [];
    let at: string | null = scope;
    for (let depth = 0; at !== null && depth < MAX_STEPS; depth += 1) {
      const found: LiveScope | undefined = this.scopes.get(at);
      if (found?.enabled !== true) break;
      above.push(at);
      at = found.body.parent;
    }
    return above;
  }

  #scopePath(scope: string): string {
    const names: string[] = [];
    let at: string | null = scope;
    for (let depth = 0; at !== null && depth < MAX_STEPS; depth += 1) {
      const found = this.scopes.get(at);
      const builtIn = found === undefined ? BUILT_IN_SCOPES.find(({ id }) => id === at) : undefined;
      if (found === undefined && builtIn === undefined) return depth === 0 ? scope : names.join('');
      names.unshift(`${found?.body.name ?? builtIn?.name}${SEPARATOR}`);
      at = found?.body.parent ?? builtIn?.parent ?? null;
    }
    return names.join('');
  }

  #unlink({ id, body }: LiveNode): void {
    for (const address of body.addresses) removeFrom(this.#byAddress, addressKey(address), id);
    for (const name of body.hostNames) removeFrom(this.#byHostName, hostNameKey(name), id);
    for (const scope of body.scopes) leave(this.#members, scope, id);
  }

  #unhang(id: string): void {
    const parent = this.scopes.get(id)?.body.parent ?? null;
    if (parent !== null) leave(this.#children, parent, id);
  }
}

const MAX_CACHED = 1_000;
/** More than scopes are deep: what is in a circle, in spite of all, ends. */
const MAX_STEPS = 64;

function isBuiltInOf({ body }: LiveNode, scope: string): boolean {
  if (scope === 'REGISTERED' || scope === 'OS') return true;
  if (scope === 'UNALLOCATED') return body.scopes.length === 0;
  return body.platform === scope;
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const listOf = (ids: Ids | undefined): readonly string[] => (ids === undefined ? NONE : typeof ids === 'string' ? [ids] : ids);
const first = (ids: Ids | undefined): string | undefined => (typeof ids === 'string' ? ids : ids?.[0]);

function addTo(index: Map<string, Ids>, key: string, id: string): void {
  const before = index.get(key);
  if (before === undefined) index.set(key, id);
  else if (!listOf(before).includes(id)) index.set(key, [...listOf(before), id].sort());
}

function removeFrom(index: Map<string, Ids>, key: string, id: string): void {
  const left = listOf(index.get(key)).filter((each) => each !== id);
  if (left.length === 0) index.delete(key);
  else index.set(key, left.length === 1 ? left[0]! : left);
}

function setOf(sets: Map<string, Set<string>>, key: string): Set<string> {
  const known = sets.get(key) ?? new Set<string>();
  sets.set(key, known);
  return known;
}

function leave(sets: Map<string, Set<string>>, key: string, id: string): void {
  const members = sets.get(key);
  members?.delete(id);
  if (members?.size === 0) sets.delete(key);
}
