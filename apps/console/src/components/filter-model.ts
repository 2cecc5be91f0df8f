import { type FilterBody, FilterBodySchema, type SettingView } from '@yosugara/protocol';
import { suggestedId } from './suggested-id.js';

/** What of a page's address is its filter; the rest, such as which event is open, is not saved. */
export const FILTER_FIELDS = {
  messages: ['mode', 'text', 'source', 'host', 'severity', 'kind', 'trap', 'varbind', 'range', 'since', 'until'],
  events: ['state', 'priority', 'facility', 'monitor', 'owner', 'text'],
  statuses: ['priority', 'facility', 'text'],
  nodes: ['scope', 'text'],
  graphs: ['facility', 'text', 'range', 'step', 'shape'],
} as const satisfies Partial<Record<FilterBody['view'], readonly string[]>>;
export type FilteredView = keyof typeof FILTER_FIELDS;

/** In the address: which saved filter it began with. */
export const PICKED = 'filter';

export interface SavedFilter {
  readonly id: string;
  readonly name: string;
  readonly isShared: boolean;
  readonly isOwn: boolean;
  /** As `filterText` has it. */
  readonly query: string;
  readonly setting: SettingView;
}

/** The filter of an address in one form, however its parts are ordered. */
export function filterText(view: FilteredView, address: URLSearchParams): string {
  const found = new URLSearchParams();
  for (const field of FILTER_FIELDS[view]) {
    const value = address.get(field) ?? '';
    if (value !== '') found.set(field, value);
  }
  return found.toString();
}

/** Those of one page that this login may see in its list: what is shared, and its own. By name. */
export function savedFilters(settings: readonly SettingView[], view: FilteredView, me: string): readonly SavedFilter[] {
  return settings
    .flatMap((setting): SavedFilter[] => {
      const body = FilterBodySchema.safeParse(setting.body).data;
      const isOwn = setting.createdBy === me;
      if (body === undefined || body.view !== view || !setting.enabled || !(body.isShared || isOwn)) return [];
      const fields = Object.entries(body.query).map(([key, value]) => [key, Array.isArray(value) ? value.join() : String(value)]);
      const query = filterText(view, new URLSearchParams(fields));
      return [{ id: setting.id, name: body.name, isShared: body.isShared, isOwn, query, setting }];
    })
    .sort((one, other) => one.name.localeCompare(other.name) || (one.id < other.id ? -1 : 1));
}

/** With the fields of a filter in the place of those that were there. @param picked null: none that is saved. */
export function addressWith(view: FilteredView, before: URLSearchParams, query: string, picked: string | null): URLSearchParams {
  const after = new URLSearchParams(before);
  for (const field of FILTER_FIELDS[view]) after.delete(field);
  for (const [field, value] of new URLSearchParams(query)) after.set(field, value);
  if (picked === null) after.delete(PICKED);
  else after.set(PICKED, picked);
  return after;
}

export const filterBody = (view: FilteredView, name: string, query: string, isShared: boolean): FilterBody => ({
  ...{ name: name.trim(), view, isShared },
  query: Object.fromEntries(new URLSearchParams(query)),
});

export const filterIdOf = (view: FilteredView, name: string, taken: ReadonlySet<string>): string =>
  suggestedId(name, taken, (words) => (words === '' ? view : `${view}-${words}`));
