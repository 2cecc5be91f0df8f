import type { SettingInput, SettingKey, SettingKind, SettingMistake } from '@yosugara/protocol';

export interface SettingsQuery {
  /** In id, name and description, and of nodes in addresses and host names, whatever the case. */
  readonly text?: string;
  readonly enabled?: boolean;
  readonly ownerRole?: string;
  /** Of these roles only. */
  readonly owners?: readonly string[];
  /** Of nodes: an address or a network such as 10.0.0.0/8. */
  readonly address?: string;
  readonly hostName?: string;
  /** Of nodes: in that scope or below it, a built-in one or another. */
  readonly scope?: string;
  /** The `next` of the page before. */
  readonly after?: string;
  readonly limit: number;
}

export interface SettingRevision {
  readonly revision: number;
  readonly at: Date;
  readonly by: string;
  readonly version: number;
  /** null = it was removed. */
  readonly setting: {
    readonly description: string;
    readonly enabled: boolean;
    readonly ownerRole: string;
    readonly body: unknown;
  } | null;
}

/** What whoever changes settings may do with them; asked about what is there while it is locked. */
export interface SettingsRights {
  reads(kind: SettingKind, owner: string): boolean;
  adds(kind: SettingKind, owner: string): boolean;
  /** One that is there. */
  changes(kind: SettingKind, owner: string): boolean;
  /** Whose they change; null = anybody's. */
  readonly owners: readonly string[] | null;
}

export interface PutOptions {
  /** Missing: the program itself. */
  readonly rights?: SettingsRights;
  readonly by: string;
  readonly epoch: number;
  /** Of a single setting: the revision that it was made from; null: it must be new; `some`: it must be there. Nothing: whatever is there. */
  readonly expected?: number | null | 'some' | undefined;
  /** Settings of these kinds that are not among those put are removed. */
  readonly deleteMissing?: readonly SettingKind[];
  /** Differences told one by one, of each sort; default 1000. The others are counted. */
  readonly told?: number;
}

export interface ChangedSetting extends SettingKey {
  readonly revision: number;
  readonly before: SettingInput;
  readonly after: SettingInput;
}

export interface SettingsChanged {
  readonly kind: 'done';
  /** With the change; the one of before when nothing changed. */
  readonly version: number;
  readonly counts: { readonly added: number; readonly changed: number; readonly removed: number; readonly unchanged: number };
  readonly added: readonly (SettingKey & { readonly revision: number })[];
  readonly changed: readonly ChangedSetting[];
  readonly removed: readonly SettingKey[];
}

/** Why nothing of it can be kept. The transaction is to be rolled back: part of it was written. */
export type SettingsRefusal =
  | { readonly kind: 'unknown'; readonly key: SettingKey }
  /** `found`: null = there is none. */
  | { readonly kind: 'revision'; readonly key: SettingKey; readonly found: number | null }
  /** At most ten are named. */
  | { readonly kind: 'referenced'; readonly key: SettingKey; readonly by: readonly SettingKey[]; readonly count: number }
  | { readonly kind: 'reference to nothing'; readonly missing: readonly MissingReference[]; readonly count: number }
  /** A node has the id of a scope, or the other way round. */
  | { readonly kind: 'id taken'; readonly key: SettingKey; readonly by: SettingKind }
  | { readonly kind: 'scopes in a circle'; readonly key: SettingKey }
  | { readonly kind: 'built in'; readonly key: SettingKey }
  /** It is there to be seen, or it is new, and not theirs to change or to make. `owner`: whose it would be. */
  | { readonly kind: 'not allowed'; readonly key: SettingKey; readonly what: 'add' | 'modify' | 'give'; readonly owner: string }
  /** It shows only with the secrets of before. */
  | { readonly kind: 'mistaken'; readonly key: SettingKey; readonly mistakes: readonly SettingMistake[] };

export interface MissingReference {
  readonly from: SettingKey;
  readonly place: string;
  readonly to: { readonly kind: string; readonly id: string };
}

export type SettingsOutcome = SettingsChanged | SettingsRefusal;
