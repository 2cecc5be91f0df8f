import type { ParsedMessage, RawRecord } from './record.js';

/** Where messages of senders that nobody registered belong. */
export const UNREGISTERED = 'UNREGISTERED';

/** The registered nodes as they are looked up: a view in memory of the repository. Keys are as `addressKey` and `hostNameKey` make them. */
export interface NodeDirectory {
  /** @returns the node's facility id. */
  byAddress(address: string): string | undefined;
  byHostName(name: string): string | undefined;
}

export interface ResolvedNode {
  readonly facilityId: string;
  readonly by: 'address' | 'alias' | 'hostName' | 'nothing';
}

/**
 * Whose message this is: the node with the source address, else with the address configured as the source's alias, else with the host
 * that the message names, itself an address or a name, at last without its domain. Nobody's: `UNREGISTERED`.
 *
 * The address comes first, since anybody can write any name into a message; behind a relay, whose own address is registered, leave the
 * relay out of the repository or name its senders by alias.
 * @param alias of the source address, as configured.
 */
export function resolveNode(
  record: Pick<RawRecord, 'source'>,
  message: Pick<ParsedMessage, 'host'>,
  directory: NodeDirectory,
  alias?: string,
): ResolvedNode {
  const address = directory.byAddress(addressKey(record.source.address));
  if (address !== undefined) return { facilityId: address, by: 'address' };
  const other = alias === undefined ? undefined : directory.byAddress(addressKey(alias));
  if (other !== undefined) return { facilityId: other, by: 'alias' };
  const named = message.host === null ? undefined : byHost(message.host, directory);
  return named !== undefined ? { facilityId: named, by: 'hostName' } : { facilityId: UNREGISTERED, by: 'nothing' };
}

function byHost(host: string, directory: NodeDirectory): string | undefined {
  if (isAddress(host)) return directory.byAddress(addressKey(host));
  const name = hostNameKey(host);
  const whole = directory.byHostName(name);
  const dot = name.indexOf('.');
  return whole ?? (dot > 0 ? directory.byHostName(name.slice(0, dot)) : undefined);
}

function isAddress(host: string): boolean {
  return host.includes(':') || /^\d{1,3}(\.\d{1,3}){3}$/.test(host);
}

/** Names are compared without regard to case (RFC 4343) and without the root's dot. */
export function hostNameKey(name: string): string {
  const lower = name.toLowerCase();
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}

/**
 * One spelling for an address: no zone, IPv4 out of IPv6 (`::ffff:10.0.0.1`), IPv6 as RFC 5952 writes it. Anything else in lower case.
 * To look up by, never to send to or to tell senders apart: without its zone an address of a link is no place (`plainAddress`, receivers).
 */
export function addressKey(address: string): string {
  const bare = address.toLowerCase().split('%', 1)[0]!;
  if (!bare.includes(':')) return bare;
  const groups = ipv6Groups(bare);
  if (groups === null) return bare;
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (mapped) return [groups[6]! >> 8, groups[6]! & 255, groups[7]! >> 8, groups[7]! & 255].join('.');
  return compressed(groups);
}

function ipv6Groups(text: string): readonly number[] | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':').flatMap(groupsOf)));
  if (head === undefined) return null;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const groups = tail === undefined ? head : [...head, ...new Array<number>(missing).fill(0), ...tail];
  return groups.every((group) => group >= 0 && group <= 0xffff) ? groups : null;
}

/** One group, or two for the dotted end; -1 = neither. */
function groupsOf(part: string): readonly number[] {
  if (/^[0-9a-f]{1,4}$/.test(part)) return [Number.parseInt(part, 16)];
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(part)) return [-1];
  const [a, b, c, d] = part.split('.').map(Number) as [number, number, number, number];
  return Math.max(a, b, c, d) > 255 ? [-1] : [a * 256 + b, c * 256 + d];
}

/** RFC 5952 4.2: the longest run of at least two zero groups is `::`, the first of equals. */
function compressed(groups: readonly number[]): string {
  let best = { at: -1, length: 1 };
  for (let at = 0; at < groups.length; ) {
    let end = at;
    while (end < groups.length && groups[end] === 0) end++;
    if (end - at > best.length) best = { at, length: end - at };
    at = Math.max(end, at + 1);
  }
  const hex = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':');
  return best.at < 0 ? hex(groups) : `${hex(groups.slice(0, best.at))}::${hex(groups.slice(best.at + best.length))}`;
}
