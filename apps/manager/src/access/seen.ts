import { MAX_SCOPE_DEPTH } from '@yosugara/protocol';
import type { SettingsSnapshot } from '@yosugara/runtime';
import { OF_ITSELF } from '@yosugara/store';
import type { LiveSettings } from '../settings/live-settings.js';
import type { Rights } from './rights.js';

/** What the program tells of itself is told on the pages of the cluster, too: whoever may look there sees it as events. */
const seesItself = (rights: Rights): boolean => rights.may('cluster', 'read');

/** For a search: whose objects are looked among. `ownerRoles` missing: anybody's. */
export function ownersOf(rights: Rights, mode: 'read' | 'modify' = 'read'): { readonly ownerRoles?: readonly string[] } {
  const owners = rights.owners(mode);
  if (owners === null) return {};
  return { ownerRoles: mode === 'read' && seesItself(rights) ? [...owners, OF_ITSELF] : owners };
}

/** The same judgement as `ownedBy` of the store, on a row in hand. */
export function isTheirs(
  rights: Rights,
  live: LiveSettings,
): (row: { readonly monitor: string; readonly plugin: string }) => boolean {
  if (rights.owners('read') === null) return () => true;
  return ({ monitor, plugin }) => {
    if (plugin === 'internal') return seesItself(rights);
    const { snapshot } = live;
    const kinds = plugin === 'job' ? (['job-unit', 'job-trigger'] as const) : (['monitor'] as const);
    return kinds.some((kind) => {
      const owner = snapshot.get(kind, monitor)?.ownerRole;
      return owner !== undefined && rights.reaches(owner, 'read');
    });
  };
}

/** Whether somebody may look at a setting; what has none is not theirs. */
export type IsSeen = (setting: { readonly ownerRole: string } | undefined) => boolean;

type Scopes = SettingsSnapshot['scopes'];

/** What lies in a scope that is not theirs hangs from the next one that is. */
export function seenParent(id: string | null, scopes: Scopes, isSeen: IsSeen, depth = 0): string | null {
  if (id === null || isSeen(scopes.get(id)) || depth > MAX_SCOPE_DEPTH) return id;
  return seenParent(scopes.get(id)?.body.parent ?? null, scopes, isSeen, depth + 1);
}
