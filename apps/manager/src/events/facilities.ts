import type { LiveSettings } from '../settings/live-settings.js';

/** A node, or a scope with all that is in it: whatever an event may say of where it was. */
export function facilitiesOf({ snapshot }: Pick<LiveSettings, 'snapshot'>): (facility: string) => readonly string[] {
  return (facility) => [...new Set([facility, ...snapshot.facilities.nodesBelow(facility)])];
}
