import type { SecretsView, Status } from '@yosugara/protocol';

/**
 * The newest key that all have. @param own oldest first.
 * @returns also why it is not the newest of our own, or why there is none; null: it is.
 */
export function sharedKey(
  own: readonly string[],
  others: SecretsView['nodes'],
  { upgrade }: Pick<Status, 'upgrade'>,
): { readonly id: string | null; readonly waitsFor: string | null } {
  const newest = own.at(-1);
  if (newest === undefined) return { id: null, waitsFor: 'this node has no key: yosugara secrets new-key' };
  // An older version may come back until it is over, and would take what is encrypted for the secret.
  if (upgrade !== undefined && upgrade.state !== 'none')
    return { id: null, waitsFor: upgrade.state === 'unknown' ? upgrade.next : 'the upgrade of the cluster is not over' };
  const silent = others.find(({ keys }) => keys === null);
  if (silent !== undefined) return { id: null, waitsFor: `${silent.node} does not say which keys it has` };
  const id = own.findLast((each) => others.every(({ keys }) => keys?.ids.includes(each))) ?? null;
  const lacking = others.find(({ keys }) => keys?.ids.includes(newest) !== true);
  const waitsFor =
    lacking === undefined ? null : `${lacking.node} does not have the key ${newest} (yosugara secrets import-keys)`;
  return { id, waitsFor };
}
