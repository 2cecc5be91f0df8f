import { z } from 'zod';
import { isBuiltInRole, RoleBodySchema, RoleIdSchema } from '../access/rights.js';
import { CalendarBodySchema, CalendarPatternBodySchema, calendarReferences } from './calendar.js';
import { SETTING_KINDS, SettingIdSchema, type SettingInput, type SettingKind } from './common.js';
import { DashboardBodySchema, dashboardMistakes } from './dashboard.js';
import { FilterBodySchema } from './filter.js';
import { JobQueueBodySchema, JobUnitBodySchema, jobUnitMistakes, jobUnitReferences } from './job.js';
import { JobTriggerBodySchema, jobTriggerMistakes, jobTriggerReferences } from './job-trigger.js';
import { MailServerBodySchema, MailTemplateBodySchema, mailServerMistakes } from './mail.js';
import { MaintenanceBodySchema, maintenanceReferences } from './maintenance.js';
import { MonitorBodySchema, monitorMistakes, monitorReferences } from './monitor.js';
import { NodeBodySchema, nodeMistakes, nodeReferences } from './node.js';
import { NotificationBodySchema, notificationMistakes, notificationReferences } from './notification.js';
import { RestAccessBodySchema } from './rest-access.js';
import { RetentionBodySchema, retentionMistakes, retentionReferences } from './retention.js';
import { isBuiltInScope, OwnScopeBodySchema, ScopeBodySchema } from './scope.js';
import { isSecretPlace, type SecretTree, secretsOf } from './secrets.js';

/** Somewhere in a body: what is there and what could be. */
export interface SettingMistake {
  readonly place: string;
  readonly found: string;
  readonly allowed: string;
}

/** The setting cannot be without that one. `facility`: a node or a scope, built-in ones too. */
export interface WantedRef {
  readonly kind: SettingKind | 'facility';
  readonly id: string;
  /** Where in the body. */
  readonly place: string;
}

interface KindDefinition<Body> {
  readonly schema: z.ZodType<Body>;
  readonly secrets: SecretTree;
  readonly references: (body: Body) => readonly WantedRef[];
  readonly mistakes: (body: Body) => readonly SettingMistake[];
}

/**
 * @param references what the body needs to be there.
 * @param mistakes what only the whole shows, when secrets that were not said again are in their places.
 */
function kindOf<Schema extends z.ZodType>(
  schema: Schema,
  references: (body: z.output<Schema>) => readonly WantedRef[] = () => [],
  mistakes: (body: z.output<Schema>) => readonly SettingMistake[] = () => [],
): KindDefinition<z.output<Schema>> {
  return { schema: schema as unknown as z.ZodType<z.output<Schema>>, secrets: secretsOf(schema), references, mistakes };
}

/** One line a kind. A kind without a line is refused, and says so. */
const DEFINITIONS = {
  scope: kindOf(OwnScopeBodySchema, ({ parent }) => (parent === null ? [] : [{ kind: 'scope', id: parent, place: 'parent' }])),
  node: kindOf(NodeBodySchema, nodeReferences, nodeMistakes),
  monitor: kindOf(MonitorBodySchema, monitorReferences, monitorMistakes),
  'calendar-pattern': kindOf(CalendarPatternBodySchema),
  calendar: kindOf(CalendarBodySchema, calendarReferences),
  maintenance: kindOf(MaintenanceBodySchema, maintenanceReferences),
  'mail-server': kindOf(MailServerBodySchema, () => [], mailServerMistakes),
  'mail-template': kindOf(MailTemplateBodySchema),
  'rest-access': kindOf(RestAccessBodySchema),
  notification: kindOf(NotificationBodySchema, notificationReferences, notificationMistakes),
  filter: kindOf(FilterBodySchema),
  'job-queue': kindOf(JobQueueBodySchema),
  'job-unit': kindOf(JobUnitBodySchema, jobUnitReferences, jobUnitMistakes),
  'job-trigger': kindOf(JobTriggerBodySchema, jobTriggerReferences, jobTriggerMistakes),
  role: kindOf(RoleBodySchema),
  retention: kindOf(RetentionBodySchema, retentionReferences, retentionMistakes),
  dashboard: kindOf(DashboardBodySchema, () => [], dashboardMistakes),
};
type Definitions = typeof DEFINITIONS;

/** The body of a kind; unknown for one that has no schema yet. */
export type SettingBody<Kind extends SettingKind> = Kind extends keyof Definitions
  ? Definitions[Kind] extends KindDefinition<infer Body>
    ? Body
    : never
  : unknown;

function definitionOf(kind: SettingKind): KindDefinition<unknown> | null {
  const known = DEFINITIONS as unknown as Partial<Record<SettingKind, KindDefinition<unknown>>>;
  return known[kind] ?? null;
}

/** Kinds that can be written. */
export const KNOWN_KINDS: readonly SettingKind[] = SETTING_KINDS.filter((kind) => definitionOf(kind) !== null);
/** null = the kind has none yet. */
export const settingSchemaOf = (kind: SettingKind): z.ZodType | null => definitionOf(kind)?.schema ?? null;
export const settingSecretsOf = (kind: SettingKind): SecretTree => definitionOf(kind)?.secrets ?? {};
export const referencesOf = (kind: SettingKind, body: unknown): readonly WantedRef[] =>
  definitionOf(kind)?.references(body) ?? [];
/** With all secrets in their places. */
export const wholeMistakesOf = (kind: SettingKind, body: unknown): readonly SettingMistake[] =>
  definitionOf(kind)?.mistakes(body) ?? [];

/** Nodes and scopes share their ids. */
export const spaceOf = (kind: SettingKind | 'facility'): string => (kind === 'node' || kind === 'scope' ? 'facility' : kind);

/** A role, as a word. */
export const OwnerRoleSchema = RoleIdSchema;

const DocumentSchema = z.strictObject({
  kind: z.enum(SETTING_KINDS),
  id: SettingIdSchema,
  description: z.string().max(1_024).default(''),
  enabled: z.boolean().default(true),
  ownerRole: OwnerRoleSchema.default('operator'),
  body: z.unknown(),
});

export type ParsedSetting =
  | { readonly ok: true; readonly setting: SettingInput }
  | { readonly ok: false; readonly mistakes: readonly SettingMistake[] };

/** A setting as somebody wrote it, whole and with its defaults, or all that is wrong with it. */
export function parseSetting(document: unknown): ParsedSetting {
  const head = DocumentSchema.safeParse(document);
  if (!head.success) return { ok: false, mistakes: mistakesOf(head.error, document) };
  const { kind, id, description, enabled, ownerRole } = head.data;
  const refused = refusalOf(kind, id);
  if (refused !== null) return { ok: false, mistakes: [refused] };
  const definition = definitionOf(kind)!;
  const body = definition.schema.safeParse(head.data.body);
  if (!body.success) return { ok: false, mistakes: mistakesOf(body.error, head.data.body, definition.secrets).map(inBody) };
  const unstorable = unstorableIn({ description, body: body.data }, '');
  if (unstorable !== null) return { ok: false, mistakes: [unstorable] };
  return { ok: true, setting: { kind, id, description, enabled, ownerRole, body: body.data } };
}

export const inBody = (mistake: SettingMistake): SettingMistake => ({
  ...mistake,
  place: mistake.place === '' ? 'body' : `body.${mistake.place}`,
});

function refusalOf(kind: SettingKind, id: string): SettingMistake | null {
  if (definitionOf(kind) === null)
    return { place: 'kind', found: JSON.stringify(kind), allowed: `${KNOWN_KINDS.join(', ')}: this version knows no others yet` };
  if ((kind === 'scope' || kind === 'node') && isBuiltInScope(id))
    return { place: 'id', found: JSON.stringify(id), allowed: 'any but those of built-in scopes, which cannot be edited' };
  if (kind === 'role' && isBuiltInRole(id))
    return { place: 'id', found: JSON.stringify(id), allowed: 'any but those of built-in roles, which cannot be edited' };
  if (kind === 'role' && !RoleIdSchema.safeParse(id).success)
    return {
      place: 'id',
      found: JSON.stringify(id),
      allowed: 'letters, digits and _ . -, beginning with a letter or digit, at most 64',
    };
  return null;
}

/** As stored, perhaps by another version of this program. @returns null: this version cannot read it. */
export function readBody(kind: SettingKind, stored: unknown): unknown {
  // Built-in ones are stored, too, and lie in each other.
  const schema = kind === 'scope' ? ScopeBodySchema : definitionOf(kind)?.schema;
  if (schema === undefined) return null;
  const read = schema.safeParse(stored);
  return read.success ? read.data : null;
}

const MAX_FOUND_CHARS = 120;

/** What zod says, as place, what was found there and what is allowed. */
export function mistakesOf(error: z.core.$ZodError, input: unknown, secrets: SecretTree = {}): readonly SettingMistake[] {
  return error.issues.flatMap((issue) => {
    // None of several forms fits: the one that came nearest says most.
    if (issue.code === 'invalid_union' && issue.errors.length > 0) {
      const nearest = issue.errors.reduce((best, each) => (depthOf(each) > depthOf(best) ? each : best));
      if (depthOf(nearest) > 0)
        return nearest.map((inner) => mistakeOf({ ...inner, path: [...issue.path, ...inner.path] }, input, secrets));
    }
    return [mistakeOf(issue, input, secrets)];
  });
}

const depthOf = (issues: readonly z.core.$ZodIssue[]) => Math.max(0, ...issues.map(({ path }) => path.length));

function mistakeOf(issue: z.core.$ZodIssue, input: unknown, secrets: SecretTree): SettingMistake {
  const place = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys')
    return { place, found: `the key ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}`, allowed: 'none of that name' };
  return { place, found: foundAt(input, issue.path, secrets), allowed: allowedBy(issue) };
}

function foundAt(input: unknown, path: readonly PropertyKey[], secrets: SecretTree): string {
  if (isSecretPlace(secrets, path)) return 'a secret';
  const value = path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | null | undefined)?.[key], input);
  if (value === undefined) return 'nothing';
  // A part may have secrets within it.
  if (value !== null && typeof value === 'object') return Array.isArray(value) ? `a list of ${value.length}` : 'several fields';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > MAX_FOUND_CHARS ? `${text.slice(0, MAX_FOUND_CHARS)}…` : text;
}

function allowedBy(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(', ');
    case 'invalid_type':
      return issue.expected === 'object' ? 'fields' : issue.expected === 'array' ? 'a list' : `a value of type ${issue.expected}`;
    case 'too_big':
      return `at most ${issue.maximum}${unitOf(issue.origin)}`;
    case 'too_small':
      return `at least ${issue.minimum}${unitOf(issue.origin)}`;
    default:
      return issue.message;
  }
}

const unitOf = (origin: string) => (origin === 'string' ? ' characters' : origin === 'array' ? ' elements' : '');

/** PostgreSQL's jsonb holds neither NUL nor half a surrogate pair. */
function unstorableIn(value: unknown, place: string): SettingMistake | null {
  if (typeof value === 'string')
    return value.includes('\0') || !isWellFormed(value)
      ? { place, found: 'a NUL, or half of a surrogate pair', allowed: 'text of whole characters' }
      : null;
  if (value === null || typeof value !== 'object') return null;
  for (const [key, each] of Object.entries(value)) {
    const where = place === '' ? key : `${place}.${key}`;
    const found = unstorableIn(key, where) ?? unstorableIn(each, where);
    if (found !== null) return found;
  }
  return null;
}

const isWellFormed = (text: string): boolean =>
  !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text);
