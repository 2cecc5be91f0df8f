import {
  type AccessFunction,
  type AccessMode,
  FUNCTION_MODES,
  FUNCTIONS,
  MODES,
  type UserChange,
  type UserView,
} from '@yosugara/protocol';

export type Grants = Partial<Record<AccessFunction, AccessMode[]>>;

/** A mode more or less; in the order of the protocol, and without what means nothing. */
export function granted(grants: Grants, what: AccessFunction, mode: AccessMode, isOn: boolean): Grants {
  const has = new Set(grants[what] ?? []);
  if (isOn) has.add(mode);
  else has.delete(mode);
  // Whoever may change what they cannot see would change it blindly.
  if (isOn && mode !== 'read') has.add('read');
  if (!isOn && mode === 'read') has.clear();
  return rowOf(
    grants,
    what,
    MODES.filter((each) => has.has(each)),
  );
}

/** All modes of a function, or none of them. */
export const grantedAll = (grants: Grants, what: AccessFunction, isOn: boolean): Grants =>
  rowOf(grants, what, isOn ? [...FUNCTION_MODES[what]] : []);

function rowOf(grants: Grants, what: AccessFunction, modes: AccessMode[]): Grants {
  const rows = FUNCTIONS.flatMap((each) => {
    const value = each === what ? modes : (grants[each] ?? []);
    return value.length === 0 ? [] : [[each, value] as const];
  });
  return Object.fromEntries(rows) as Grants;
}

/** As a form has it. */
export type UserForm = { readonly roles?: readonly string[] } & Readonly<Omit<UserChange, 'roles'>>;

/** Only what differs: what somebody else changed meanwhile is not overwritten by what nobody meant. null = nothing differs. */
export function userChange(before: UserView, after: UserForm): UserChange | null {
  const change: UserChange = {};
  for (const key of ['name', 'mail', 'language', 'timeZone'] as const)
    if (after[key] !== undefined && after[key] !== before[key]) Object.assign(change, { [key]: after[key] });
  if (after.enabled !== undefined && after.enabled !== before.enabled) change.enabled = after.enabled;
  if (after.roles !== undefined && [...after.roles].sort().join() !== [...before.roles].sort().join())
    change.roles = [...after.roles];
  return Object.keys(change).length === 0 ? null : change;
}

export type UserMark = 'disabled' | 'locked' | 'mustChange' | 'totp';

/** What is notable of somebody. */
export function marksOf(user: UserView, nowMs: number): readonly UserMark[] {
  const locked = user.lockedUntil !== null && Date.parse(user.lockedUntil) > nowMs;
  return [
    ...(user.enabled ? [] : (['disabled'] as const)),
    ...(locked ? (['locked'] as const) : []),
    ...(user.mustChange ? (['mustChange'] as const) : []),
    ...(user.totp ? (['totp'] as const) : []),
  ];
}

export const AUDIT_FIELDS = ['who', 'what', 'object', 'done', 'from', 'to'] as const;
export type AuditFilter = Partial<Record<(typeof AUDIT_FIELDS)[number], string>>;

export function auditFilterOf(address: URLSearchParams): AuditFilter {
  const filter: AuditFilter = {};
  for (const field of AUDIT_FIELDS) {
    const value = (address.get(field) ?? '').slice(0, 256);
    if (value !== '') filter[field] = value;
  }
  if (filter.done !== undefined && filter.done !== 'true' && filter.done !== 'false') delete filter.done;
  return filter;
}

/** For the API: a time as a field has it is of the browser's zone. What is no time is left out. */
export function auditQuery(filter: AuditFilter, more: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams(more);
  for (const field of AUDIT_FIELDS) {
    const value = filter[field];
    if (value === undefined) continue;
    if (field !== 'from' && field !== 'to') query.set(field, value);
    else if (!Number.isNaN(Date.parse(value))) query.set(field, new Date(value).toISOString());
  }
  return query.toString();
}

/** What an entry says besides, in one line: no object in an object, nothing that is empty. */
export function detailText(detail: unknown): string {
  if (typeof detail !== 'object' || detail === null) return detail === null || detail === undefined ? '' : String(detail);
  return Object.entries(detail)
    .filter(([, value]) => value !== null && value !== '' && !(Array.isArray(value) && value.length === 0))
    .map(([key, value]) => `${key}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(', ');
}
