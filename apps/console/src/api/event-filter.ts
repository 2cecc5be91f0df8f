import { EVENT_STATES, type EventRow, type EventState, PRIORITIES, type Priority } from '@yosugara/protocol';

/** What an operator wants to see; lives in the page's address. Lists are in the order of their constants. */
export interface EventFilter {
  readonly states: readonly EventState[];
  readonly priorities: readonly Priority[];
  /** A node, or a scope with all that is in it. */
  readonly facility: string;
  readonly monitor: string;
  readonly owner: string;
  readonly text: string;
}

/** What nobody is done with: the list that an operator works through. */
const OPEN: readonly EventState[] = ['unconfirmed', 'confirming'];
export const OPEN_EVENTS: EventFilter = { states: OPEN, priorities: PRIORITIES, facility: '', monitor: '', owner: '', text: '' };
const WORDS = ['facility', 'monitor', 'owner', 'text'] as const;

function listed<Value extends string>(text: string | null, all: readonly Value[], usual: readonly Value[]): readonly Value[] {
  if (text === null) return usual;
  if (text === 'all') return all;
  const wanted = text.split(',');
  const found = all.filter((each) => wanted.includes(each));
  return found.length === 0 ? usual : found;
}

const isSame = (one: readonly string[], two: readonly string[]) => one.join() === two.join();

/** The manager refuses longer words; an address may come from anybody. */
const MAX_WORD = 256;

export function eventFilterOf(address: URLSearchParams): EventFilter {
  const word = (key: string) => (address.get(key) ?? '').slice(0, MAX_WORD);
  return {
    states: listed(address.get('state'), EVENT_STATES, OPEN),
    priorities: listed(address.get('priority'), PRIORITIES, PRIORITIES),
    ...{ facility: word('facility'), monitor: word('monitor'), owner: word('owner'), text: word('text') },
  };
}

/** Only what differs from the usual view; other parts of the address, such as the open event, stay. */
export function eventAddressOf(filter: EventFilter, before = new URLSearchParams()): URLSearchParams {
  const address = new URLSearchParams(before);
  const put = (key: string, value: string) => (value === '' ? address.delete(key) : address.set(key, value));
  put('state', isSame(filter.states, OPEN) ? '' : isSame(filter.states, EVENT_STATES) ? 'all' : filter.states.join());
  put('priority', isSame(filter.priorities, PRIORITIES) ? '' : filter.priorities.join());
  for (const word of WORDS) put(word, filter[word]);
  return address;
}

/** For the list and for the stream alike. */
export function eventQueryOf(filter: EventFilter): string {
  const query = new URLSearchParams();
  if (!isSame(filter.states, EVENT_STATES)) query.set('state', filter.states.join());
  if (!isSame(filter.priorities, PRIORITIES)) query.set('priority', filter.priorities.join());
  for (const word of WORDS) if (filter[word].trim() !== '') query.set(word, filter[word].trim());
  return query.toString();
}

export const isOpenView = (filter: EventFilter): boolean => eventAddressOf(filter).size === 0;

/** The stream tells each changed event whatever its state is now: what is not on the list yet must still belong there. */
export function belongsToList(filter: EventFilter): (row: EventRow) => boolean {
  const owner = filter.owner.trim();
  return (row) => filter.states.includes(row.state) && (owner === '' || row.owner === owner);
}

/** With or without it; never none at all, which would be all. */
export function toggled<Value extends string>(all: readonly Value[], chosen: readonly Value[], value: Value): readonly Value[] {
  const after = all.filter((each) => (each === value ? !chosen.includes(value) : chosen.includes(each)));
  return after.length === 0 ? chosen : after;
}
