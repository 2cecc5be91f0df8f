import { findCgroupRoot, openGroup } from '../os/cgroup.js';
import { type Containment, killAll } from '../os/containment.js';
import type { DeadManSetup, Kind } from './protocol.js';

/** PostgreSQL, the manager and whatever holds the VIP, without the dead man. @returns whether it is proved that nothing is left. */
export async function killAllOf(setup: DeadManSetup, inGroups: boolean, deadlineMs: number): Promise<boolean> {
  const root = inGroups ? findCgroupRoot(setup.groupName) : null;
  const group = (kind: Kind) => (root === null ? null : openGroup(root, kind));
  const everything: Containment[] = [
    { group: group('postgres'), scan: setup.postgres, marker: null },
    { group: group('manager'), scan: null, marker: setup.managerMarker },
    { group: null, scan: null, marker: setup.vipMarker },
  ];
  const killed = await Promise.all(everything.map((where) => killAll(where, deadlineMs)));
  return killed.every((count) => count !== null);
}
