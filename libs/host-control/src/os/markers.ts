import type { NodeConfig } from '@yosugara/protocol';

/** An entry of the environment by which every process of one kind on this node is found, whatever it forked or renamed. */
export function heldMarker(kind: 'manager' | 'vip', { cluster, node, stateDir }: NodeConfig): string {
  return `YOSUGARA_HELD_BY=${kind}/${cluster.id}/${node}/${stateDir}`;
}

export function markerEntry(marker: string): Record<string, string> {
  const at = marker.indexOf('=');
  return { [marker.slice(0, at)]: marker.slice(at + 1) };
}
