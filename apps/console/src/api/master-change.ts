import type { Status } from '@yosugara/protocol';

export interface KnownMaster {
  readonly name: string;
  readonly epoch: number;
}

/** The Master a status names for sure: during a take-over it may name none. */
export const masterOf = (status: Status | undefined): KnownMaster | null =>
  status === undefined || status.master === null ? null : { name: status.master, epoch: status.epoch };

/**
 * What to remember, and whether to say it. A first sight is no change; an older epoch is a late answer, never a change back.
 */
export function masterChange(
  known: KnownMaster | null,
  seen: KnownMaster | null,
): { readonly known: KnownMaster | null; readonly announce: boolean } {
  if (seen === null || (known !== null && seen.epoch < known.epoch)) return { known, announce: false };
  return { known: seen, announce: known !== null && (seen.name !== known.name || seen.epoch > known.epoch) };
}
