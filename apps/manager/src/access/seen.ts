import type { LiveSettings } from '../settings/live-settings.js';
import type { Rights } from './rights.js';

/** For a search: whose objects are looked among. `ownerRoles` missing: anybody's. */
export function ownersOf(rights: Rights, mode: 'read' | 'modify' = 'read'): { readonly ownerRoles?: readonly string[] } {
  const owners = rights.owners(mode);
  return owners === null ? {} : { ownerRoles: owners };
}

/** The same judgement as `ownedBy` of the store, on a row in hand. */
export function isTheirs(
  rights: Rights,
  live: LiveSettings,
): (row: { readonly monitor: string; readonly plugin: string }) => boolean {
  if (rights.owners('read') === null) return () => true;
  return ({ monitor, plugin }) => {
    const { snapshot } = live;
    const kinds = plugin === 'job' ? (['job-unit', 'job-trigger'] as const) : (['monitor'] as const);
    return kinds.some((kind) => {
      const owner = snapshot.get(kind, monitor)?.ownerRole;
      return owner !== undefined && rights.reaches(owner, 'read');
    });
  };
}
