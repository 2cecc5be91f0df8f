import { addressKey, type SourceProperties } from '@yosugara/operations';
import type { ReceiverConfig } from '@yosugara/protocol';

/** What is configured of single sources, by address, for pairing and parsing. */
export function sourceProperties({ sources }: ReceiverConfig): ReadonlyMap<string, SourceProperties> {
  return new Map(
    sources.map(({ address, delivery, alias, charset, timeZone }) => [
      addressKey(address),
      { delivery, alias: alias === undefined ? undefined : addressKey(alias), charset, timeZone },
    ]),
  );
}
