import {
  FacilitiesSchema,
  PLATFORMS,
  type SettingPage,
  SettingPageSchema,
  SettingPutSchema,
  SettingViewSchema,
} from '@yosugara/protocol';
import { type Command, Option } from 'commander';
import { queryOf } from '../commands/messages.js';
import { removeSetting } from '../commands/settings.js';
import { known } from '../control/manager-api.js';
import { EXIT } from '../exit-codes.js';
import { painter, printable } from '../output/terminal.js';
import { CHANGE_DEADLINE_MS, settingPath } from '../settings/api.js';
import { renderNodes, renderScopes, renderSetting } from '../settings/render.js';
import { oneMore, whoAsks, wholeNumber } from './arguments.js';
import type { Common, VerbContext } from './context.js';
import { addInventory } from './inventory.js';
import { addNodeSearch } from './node-search.js';

interface ListOptions extends Common {
  readonly text?: string;
  readonly address?: string;
  readonly host?: string;
  readonly scope?: string;
  readonly owner?: string;
  readonly enabled?: boolean;
  readonly disabled?: boolean;
  readonly limit: number;
  readonly after?: string;
}

/** The verbs about managed hosts. */
export function addNodes(program: Command, context: VerbContext): void {
  const { add, set, show, api } = context;
  const nodes = program.command('nodes').description('managed hosts');
  add('list', 'nodes by id', nodes)
    .option('--text <text>', 'in id, name, description, addresses or host names')
    .option('--address <ip>', 'with this address, or one of a network such as 10.0.0.0/8')
    .option('--host <name>', 'with this host name')
    .option('--scope <id>', 'in this scope or below it, also a built-in one')
    .option('--owner <role>', 'of this role')
    .option('--enabled', 'in force')
    .option('--disabled', 'out of force')
    .option('--limit <n>', 'at most so many, up to 1000', wholeNumber, 200)
    .option('--after <next>', 'continue: the `next` of the answer before')
    .action((options: ListOptions) => set(async () => await listNodes(options, context))());
  add('show', 'one node, without its secrets', nodes)
    .argument('<id>', 'id of the node')
    .action((id: string, options: Common) =>
      set(async () => {
        const found = await known(api(options).get(settingPath('node', id), SettingViewSchema));
        show(options, found, () => renderSetting(found));
        return EXIT.ok;
      })(),
    );
  addNodeAdd(nodes, context);
  add('resolve', 'whose messages those from an address would be', nodes)
    .argument('<address>', 'IPv4 or IPv6')
    .argument('[host]', 'host name that they carry')
    .action((address: string, host: string | undefined, options: Common) =>
      set(async () => {
        const found = await api(options).get(`/api/v1/facilities/resolve?${queryOf({ address, host })}`, ResolvedSchema);
        show(options, found, () => renderResolved(found));
        return EXIT.ok;
      })(),
    );
  addNodeSearch(nodes, context);
  addInventory(nodes, context);
  add('remove', 'refused while something refers to it', nodes)
    .argument('<id>', 'id of the node')
    .action((id: string, options: Common) =>
      set(async () => {
        await removeSetting(api(options), 'node', id);
        show(options, { removed: id }, () => `${printable(id)} was removed`);
        return EXIT.ok;
      })(),
    );
}

interface Resolved {
  readonly nodes: readonly { readonly id: string; readonly name: string; readonly enabled: boolean }[];
}
const ResolvedSchema = { parse: (value: unknown) => value as Resolved };

const renderResolved = ({ nodes }: Resolved): string =>
  nodes.length === 0
    ? 'of no node: they are shown under their address'
    : nodes.map(({ id, name, enabled }) => printable(`${id} (${name})${enabled ? '' : ', disabled'}`)).join('\n');

async function listNodes(options: ListOptions, { show, terminal, api }: VerbContext) {
  const { text, address, host, scope, owner, enabled, disabled, limit, after } = options;
  const asked = { text, address, host, scope, ownerRole: owner, after, limit: String(limit) };
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(asked)) if (value !== undefined) query.set(key, value);
  if (enabled === true || disabled === true) query.set('enabled', String(enabled === true));
  const page: SettingPage = await api(options).get(`/api/v1/settings/node?${query}`, SettingPageSchema);
  show(options, page, () => renderNodes(page.rows));
  if (page.next !== null && options.json !== true) terminal.note(`more: --after ${printable(page.next)}\n`);
  return EXIT.ok;
}

interface AddOptions extends Common {
  readonly name?: string;
  readonly address?: readonly string[];
  readonly host?: readonly string[];
  readonly scope?: readonly string[];
  readonly platform: string;
  readonly description?: string;
}

function addNodeAdd(nodes: Command, { add, set, show, api }: VerbContext): void {
  add('add', 'a new node; what has secrets is given with apply, from a file', nodes)
    .argument('<id>', 'id of the node')
    .option('--name <name>', 'default: its id')
    .option('--address <ip>', 'the first is the one that it is asked at; can be repeated', oneMore)
    .option('--host <name>', 'host name; can be repeated', oneMore)
    .option('--scope <id>', 'put it there; can be repeated', oneMore)
    .addOption(new Option('--platform <platform>', 'what it is').choices(PLATFORMS).default('OTHER'))
    .option('--description <text>', 'what it is for')
    .action((id: string, options: AddOptions) =>
      set(async () => {
        const { name = id, address = [], host = [], scope = [], platform, description = '' } = options;
        const body = { name, addresses: address, hostNames: host, scopes: scope, platform };
        const put = { description, body, by: whoAsks() };
        const isNew = { 'if-none-match': '*' };
        const done = await api(options).change('PUT', settingPath('node', id), put, SettingPutSchema, CHANGE_DEADLINE_MS, isNew);
        show(options, { id, ...done }, () => `${printable(id)} was added`);
        return EXIT.ok;
      })(),
    );
}

export function addScopes(_: Command, { add, set, show, terminal, api }: VerbContext): void {
  add('scopes', 'groups of nodes as a tree, with how many are in them').action((options: Common) =>
    set(async () => {
      const found = await api(options).get('/api/v1/facilities', FacilitiesSchema);
      show(options, found, () => renderScopes(found, painter(terminal)));
      return EXIT.ok;
    })(),
  );
}
