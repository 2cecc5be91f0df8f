import { z } from 'zod';
import type { SettingKind } from '../settings/common.js';

/** What the product does, as rights are given for it (docs/access.md). New ones are added at the end. */
export const FUNCTIONS = [
  'repository',
  'monitor',
  'event',
  'notification',
  'calendar',
  'maintenance',
  'filter',
  'message',
  'graph',
  'mib',
  'job',
  'agent',
  'cluster',
  'access',
  'audit',
  'dashboard',
] as const;
export type AccessFunction = (typeof FUNCTIONS)[number];

export const MODES = ['read', 'add', 'modify', 'execute', 'approve'] as const;
export type AccessMode = (typeof MODES)[number];

/** What may be done with an object of a role that one does not have. */
export const REACH_MODES = ['read', 'modify', 'execute'] as const;
export type ReachMode = (typeof REACH_MODES)[number];

/** Those that mean something: the others may be granted, and open nothing. */
export const FUNCTION_MODES: Readonly<Record<AccessFunction, readonly AccessMode[]>> = {
  repository: ['read', 'add', 'modify', 'execute'],
  monitor: ['read', 'add', 'modify', 'execute'],
  event: ['read', 'modify'],
  notification: ['read', 'add', 'modify', 'execute'],
  calendar: ['read', 'add', 'modify'],
  maintenance: ['read', 'add', 'modify'],
  filter: ['read', 'add', 'modify'],
  message: ['read'],
  graph: ['read', 'add', 'modify'],
  mib: ['read', 'add', 'modify'],
  job: ['read', 'add', 'modify', 'execute', 'approve'],
  agent: ['read', 'add', 'modify', 'execute'],
  cluster: ['read', 'add', 'modify', 'execute'],
  access: ['read', 'add', 'modify'],
  audit: ['read'],
  dashboard: ['read', 'add', 'modify'],
};

/** Whoever writes a setting of that kind needs the function's `add` for a new one and its `modify` for one that is there. */
export const FUNCTION_OF_KIND: Readonly<Record<SettingKind, AccessFunction>> = {
  scope: 'repository',
  node: 'repository',
  'calendar-pattern': 'calendar',
  calendar: 'calendar',
  'mail-server': 'notification',
  'mail-template': 'notification',
  'rest-access': 'notification',
  notification: 'notification',
  monitor: 'monitor',
  maintenance: 'maintenance',
  filter: 'filter',
  'job-queue': 'job',
  'job-unit': 'job',
  'job-trigger': 'job',
  role: 'access',
  dashboard: 'dashboard',
  retention: 'cluster',
};

/** Everybody is in it: what it owns is everybody's, as far as their functions go. */
export const ALL_USERS = 'ALL_USERS';
/** In the place of an owner: any. */
export const ANY_OWNER = '*';

export const RoleIdSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, 'the name of a role');
const modes = z
  .array(z.enum(MODES))
  .max(MODES.length)
  .refine((all) => new Set(all).size === all.length, 'each mode once');

/** Setting kind `role`. What its members own, they may act on as far as `grants` goes; `reaches` adds objects of other roles. */
export const RoleBodySchema = z.strictObject({
  name: z.string().min(1).max(256),
  grants: z.partialRecord(z.enum(FUNCTIONS), modes).default({}),
  reaches: z
    .array(
      z.strictObject({
        owner: z.union([z.literal(ANY_OWNER), RoleIdSchema]).describe('The id of a role, or * for all objects'),
        modes: z
          .array(z.enum(REACH_MODES))
          .min(1)
          .max(REACH_MODES.length)
          .refine((all) => new Set(all).size === all.length, 'each mode once'),
      }),
    )
    .max(100)
    .refine((all) => new Set(all.map(({ owner }) => owner)).size === all.length, 'each owner once')
    .default([]),
});
export type RoleBody = z.infer<typeof RoleBodySchema>;

const all = Object.fromEntries(FUNCTIONS.map((each) => [each, [...FUNCTION_MODES[each]]])) as RoleBody['grants'];
const OPERATORS_NOT = new Set<AccessFunction>(['access', 'audit']);

/** Roles that are always there, and cannot be changed. Their ids are those of no setting. */
export type BuiltInRole = 'admin' | 'operator' | 'viewer' | typeof ALL_USERS;
export const BUILT_IN_ROLES: Readonly<Record<BuiltInRole, RoleBody>> = {
  /** All there is. */
  admin: { name: 'Administrators', grants: all, reaches: [{ owner: ANY_OWNER, modes: [...REACH_MODES] }] },
  /** Operates everything, and gives no rights. */
  operator: {
    name: 'Operators',
    grants: {
      ...Object.fromEntries(FUNCTIONS.map((each) => [each, OPERATORS_NOT.has(each) ? [] : [...FUNCTION_MODES[each]]])),
      // Whoever lets an agent in lets commands run there.
      agent: ['read', 'execute'],
    },
    reaches: [{ owner: ANY_OWNER, modes: [...REACH_MODES] }],
  },
  /** Looks at everything but people and what they did. */
  viewer: {
    name: 'Viewers',
    grants: Object.fromEntries(FUNCTIONS.map((each) => [each, OPERATORS_NOT.has(each) ? [] : ['read']])),
    reaches: [{ owner: ANY_OWNER, modes: ['read'] }],
  },
  /** Grants nothing: it is an owner. */
  [ALL_USERS]: { name: 'Everybody', grants: {}, reaches: [] },
};
export const isBuiltInRole = (id: string): id is BuiltInRole => Object.hasOwn(BUILT_IN_ROLES, id);
/**
 * Whose a new object is when nobody says: of the first of their roles that whoever makes it works in. `admin` and `viewer` are roles to act
 * and to look with, and own nothing: what such people make is the operators'.
 */
export const usualOwnerOf = (roles: readonly string[]): string =>
  roles.find((role) => role !== 'admin' && role !== 'viewer' && role !== ALL_USERS) ?? 'operator';
/** A role that can be given to somebody. */
export const isGivenRole = (id: string): boolean => id !== ALL_USERS;
