import { z } from 'zod';
import { SettingIdSchema } from './common.js';

/** Scopes whose nodes are known without being told; nobody edits them. */
export const BUILT_IN_SCOPES = [
  { id: 'REGISTERED', name: 'Registered', parent: null, sortOrder: 10_010 },
  { id: 'UNREGISTERED', name: 'Unregistered', parent: null, sortOrder: 10_020 },
  { id: 'INTERNAL', name: 'Internal', parent: null, sortOrder: 10_030 },
  { id: 'UNALLOCATED', name: 'Unallocated', parent: null, sortOrder: 10_040 },
  { id: 'OS', name: 'OS', parent: null, sortOrder: 10_050 },
  { id: 'LINUX', name: 'Linux', parent: 'OS', sortOrder: 10_060 },
  { id: 'WINDOWS', name: 'Windows', parent: 'OS', sortOrder: 10_070 },
  { id: 'NW_EQUIPMENT', name: 'Network equipment', parent: 'OS', sortOrder: 10_080 },
  { id: 'OTHER', name: 'Other', parent: 'OS', sortOrder: 10_090 },
] as const;
export type BuiltInScope = (typeof BUILT_IN_SCOPES)[number]['id'];

const BUILT_IN: ReadonlySet<string> = new Set(BUILT_IN_SCOPES.map(({ id }) => id));
export const isBuiltInScope = (id: string): id is BuiltInScope => BUILT_IN.has(id);

/** Which each node is of. */
export const PLATFORMS = ['LINUX', 'WINDOWS', 'NW_EQUIPMENT', 'OTHER'] as const satisfies readonly BuiltInScope[];
export type Platform = (typeof PLATFORMS)[number];

/** Scopes lie so deep in each other at most. */
export const MAX_SCOPE_DEPTH = 32;

/** A scope that somebody made: not a built-in one. */
export const OwnScopeIdSchema = SettingIdSchema.refine((id) => !isBuiltInScope(id), 'a scope that is not built in');

/** Of a built-in one, too. */
export const ScopeBodySchema = z.strictObject({
  name: z.string().min(1).max(256),
  /** The scope above; null = none. */
  parent: SettingIdSchema.nullable().default(null),
  /** Lower ones come first among those of one parent. */
  sortOrder: z.int().min(0).max(1_000_000).default(100),
});
export type ScopeBody = z.infer<typeof ScopeBodySchema>;

/** Of a scope that somebody makes. */
export const OwnScopeBodySchema = ScopeBodySchema.extend({ parent: OwnScopeIdSchema.nullable().default(null) });
