import type { SettingBody, SettingInput, SettingKey, SettingKind } from '@yosugara/protocol';

/** Which settings these are: their version, and the epoch that made it. */
export interface SettingsStamp {
  readonly version: number;
  readonly epoch: number;
}

/** A setting as whoever runs on it needs it. */
export interface LiveSetting<Body = unknown> extends SettingInput<Body> {
  readonly revision: number;
}
export type LiveOf<Kind extends SettingKind> = LiveSetting<SettingBody<Kind>>;

/** What changed in a snapshot. */
export interface SettingsNews {
  /** All of it was read anew: whatever is not told here as changed may have gone, too. */
  readonly isWhole: boolean;
  readonly changed: readonly SettingKey[];
  readonly removed: readonly SettingKey[];
}

/** The tables of settings. Every call has a deadline of its own. */
export interface SettingsSource {
  /** The stamp of now, and whether the known one is of this database's past. */
  since(known: SettingsStamp): Promise<{ readonly stamp: SettingsStamp; readonly isKnown: boolean }>;
  /** By kind and id, from there on. */
  all(after: SettingKey | null, limit: number): Promise<readonly LiveSetting[]>;
  /** By version, kind and id, from there on. */
  changedSince(
    version: number,
    after: (SettingKey & { readonly version: number }) | null,
    limit: number,
  ): Promise<readonly (LiveSetting & { readonly version: number })[]>;
  removedSince(version: number): Promise<readonly SettingKey[]>;
}
