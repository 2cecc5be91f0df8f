import { PRIORITIES, RETAINED, SETTING_KINDS } from '@yosugara/protocol';
import type { Verb, VerbArgument, VerbOption } from '../help/describe.js';

/** Where the values of an option or argument come from. `asked`: from the manager, by `yosugara complete-values`. */
export type Source =
  | { readonly from: 'words'; readonly words: readonly string[] }
  | { readonly from: 'files' }
  | { readonly from: 'asked'; readonly what: Asked }
  | { readonly from: 'nowhere' };

/** What the manager can be asked for. */
export const ASKED = [
  'setting',
  'node',
  'scope',
  'facility',
  'monitor',
  'calendar',
  'notification',
  'job-unit',
  'job-trigger',
  'role',
  'login',
  'session',
  'job',
  'mib',
  'agent',
  'event',
  'series',
  'member',
] as const;
export type Asked = (typeof ASKED)[number];

const NOWHERE: Source = { from: 'nowhere' };
const asked = (what: Asked): Source => ({ from: 'asked', what });
const words = (all: readonly string[]): Source => ({ from: 'words', words: all });

/** By the option's name, whichever verb has it. */
const OPTIONS: Readonly<Record<string, Source>> = {
  '--unit': asked('job-unit'),
  '--trigger': asked('job-trigger'),
  '--monitor': asked('monitor'),
  '--facility': asked('facility'),
  '--role': asked('role'),
  '--owner-role': asked('role'),
  '--user': asked('login'),
  '--delete-missing': words(SETTING_KINDS),
  '--priority': words(PRIORITIES),
};
/** By the words of the verb and the option's name. */
const OF_VERB: Readonly<Record<string, Source>> = {
  'switchover --to': asked('member'),
  'messages --only-at': asked('member'),
  'export --kind': words(SETTING_KINDS),
  'retention runs --kind': words(RETAINED),
  'nodes list --scope': asked('scope'),
  'nodes add --scope': asked('scope'),
  'nodes search --scope': asked('scope'),
  'nodes list --owner': asked('role'),
  'settings list --owner': asked('role'),
  'events --owner': asked('login'),
  'events own --owner': asked('login'),
  'agents token --scope': asked('scope'),
  'agents token --node': asked('node'),
  'audit --who': asked('login'),
};

/** By the group of the verb and the argument's name. */
const ARGUMENTS: Readonly<Record<string, Source>> = {
  'retention kind': words(RETAINED),
  'settings kind': words(SETTING_KINDS),
  'settings id': asked('setting'),
  'nodes id': asked('node'),
  'calendars id': asked('calendar'),
  'monitors id': asked('monitor'),
  'monitors node': asked('node'),
  'notifications id': asked('notification'),
  'roles id': asked('role'),
  'users login': asked('login'),
  'agents id': asked('agent'),
  'mib name': asked('mib'),
  'events number': asked('event'),
  'graphs series': asked('series'),
  'jobs session': asked('session'),
  'jobs job': asked('job'),
  'jobs unit': asked('job-unit'),
  'jobs trigger': asked('job-trigger'),
  'recover node': asked('member'),
  'promote node': asked('member'),
  'maintenance node': asked('member'),
  'fence node': asked('member'),
  'certificates node': asked('member'),
  'dr node': asked('member'),
};
/** Names are made there. */
const NEW = new Set(['users add', 'nodes add']);
const PATHS = new Set(['file', 'folder']);

export function sourceOfOption({ path }: Verb, { names, takes, choices }: VerbOption): Source | null {
  if (takes === null) return null;
  if (choices.length > 0) return words(choices);
  const name = names.at(-1) ?? '';
  const found = OF_VERB[`${path.join(' ')} ${name}`] ?? OPTIONS[name];
  if (found !== undefined) return found;
  if (PATHS.has(takes)) return { from: 'files' };
  return path[0] === 'jobs' && name === '--node' ? asked('node') : NOWHERE;
}

export function sourceOfArgument({ path }: Verb, { name, choices }: VerbArgument): Source {
  if (choices.length > 0) return words(choices);
  if (NEW.has(path.join(' '))) return NOWHERE;
  return ARGUMENTS[`${path[0]} ${name}`] ?? (PATHS.has(name) ? { from: 'files' } : NOWHERE);
}
