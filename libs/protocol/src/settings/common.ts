import { z } from 'zod';

/** What operators define (docs/operations.md). New kinds are added at the end of the list. */
export const SETTING_KINDS = [
  'scope',
  'node',
  'calendar-pattern',
  'calendar',
  'mail-server',
  'mail-template',
  'rest-access',
  'notification',
  'monitor',
  'maintenance',
  'filter',
  'job-queue',
  'job-unit',
  'job-trigger',
  'role',
  'dashboard',
  'retention',
] as const;
export type SettingKind = (typeof SETTING_KINDS)[number];

/** Ids appear in addresses, file names and commands: nothing that any of them would take for its own. */
export const SETTING_ID = /^[A-Za-z0-9][A-Za-z0-9_.@:-]{0,127}$/;
export const SettingIdSchema = z
  .string()
  .regex(SETTING_ID, 'letters, digits and _ . @ : -, beginning with a letter or digit, at most 128');

export const SettingRefSchema = z.object({ kind: z.enum(SETTING_KINDS), id: z.string() });
/** That setting is needed by the one that names it. */
export type SettingRef = z.infer<typeof SettingRefSchema>;

/** What all kinds have in common; the body is that of the kind. */
export const SettingHeadSchema = z.object({
  kind: z.enum(SETTING_KINDS),
  id: z.string(),
  /** From 1; its ETag. */
  revision: z.int(),
  description: z.string(),
  /** false: kept, and without effect. */
  enabled: z.boolean(),
  /** Whose it is: a role. */
  ownerRole: z.string(),
  createdAt: z.string(),
  createdBy: z.string(),
  modifiedAt: z.string(),
  modifiedBy: z.string(),
});
export type SettingHead = z.infer<typeof SettingHeadSchema>;

/** A setting as written by whoever makes it: in YAML, and in PUT /api/v1/settings/KIND/ID (where kind and id are in the address). */
export interface SettingInput<Body = unknown> {
  readonly kind: SettingKind;
  readonly id: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly ownerRole: string;
  readonly body: Body;
}

export interface Setting<Body = unknown> extends SettingHead {
  readonly body: Body;
}

/** Worst first. `unknown`: it could not be measured. */
export const PRIORITIES = ['critical', 'unknown', 'warning', 'info'] as const;
export type Priority = (typeof PRIORITIES)[number];
export const PrioritySchema = z.enum(PRIORITIES);
