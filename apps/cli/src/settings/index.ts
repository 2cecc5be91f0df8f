import { InvalidInputError } from '@yosugara/kernel';
import {
  FacilitiesSchema,
  NodeSearchSchema,
  nodeCsvHead,
  nodeCsvLine,
  PLATFORMS,
  SETTING_KINDS,
  type SettingKind,
  type SettingPage,
  SettingPageSchema,
  SettingPutSchema,
  SettingsExportSchema,
  SettingViewSchema,
} from '@yosugara/protocol';
import { type Command, Option } from 'commander';
import { stringify } from 'yaml';
import type { Found } from '../control/find.js';
import { known, ManagerApi } from '../control/manager-api.js';
import { EXIT } from '../exit-codes.js';
import { type VerbContext, whoAsks, wholeNumber } from '../governing.js';
import { painter, printable } from '../output/terminal.js';
import { readDocuments } from './documents.js';
import { type ImportOptions, importSettings } from './import.js';
import { renderDifference, renderNodes, renderScopes, renderSearch, renderSetting } from './render.js';
import { nodesOfSearch } from './search.js';

interface Common {
  readonly config?: string;
  readonly json?: boolean;
}
interface Context extends Omit<VerbContext, 'controllers'> {
  readonly api: (options: Common) => ManagerApi;
}
type OneMore = (value: string, before?: readonly string[]) => readonly string[];

const CHANGE_DEADLINE_MS = 15_000;
const ANYTHING = { parse: (value: unknown) => value };
const oneMore: OneMore = (value, before = []) => [...before, value];
const path = (kind: string, id: string, query: Readonly<Record<string, string>> = {}): string => {
  const text = new URLSearchParams(query).toString();
  return `/api/v1/settings/${kind}/${encodeURIComponent(id)}${text === '' ? '' : `?${text}`}`;
};

function kindOf(kind: string): SettingKind {
  const found = SETTING_KINDS.find((each) => each === kind);
  if (found === undefined) throw new InvalidInputError('kind', kind, SETTING_KINDS.join(', '));
  return found;
}

/** The verbs about what operators define: as files, and nodes and scopes by themselves. */
export function addSettings(
  program: Command,
  context: Omit<VerbContext, 'controllers'>,
  nodesOf: (options: Common) => readonly Found[],
): void {
  const all: Context = { ...context, api: (options) => ManagerApi.of(nodesOf(options)) };
  addFiles(all);
  addNodes(program, all);
  addScopes(all);
}

interface FileOptions extends Common {
  readonly file: readonly string[];
  readonly dryRun?: boolean;
  readonly deleteMissing?: readonly string[];
}

function addFiles({ add, set, show, terminal, api }: Context): void {
  const run = async (options: FileOptions, dryRun: boolean) => {
    const wanted: ImportOptions = { dryRun, by: whoAsks(), deleteMissing: (options.deleteMissing ?? []).map(kindOf) };
    const done = await importSettings(api(options), readDocuments(options.file), wanted, terminal);
    show(options, done, () => renderDifference(done, painter(terminal)));
    return EXIT.ok;
  };
  const file = (command: Command) =>
    command
      .requiredOption(
        '-f, --file <file>',
        'YAML of several documents, JSON, or CSV of nodes; - is standard input; can be repeated',
        oneMore,
      )
      .option('--delete-missing <kind>', 'delete settings of this kind that are not in the files; can be repeated', oneMore);
  file(add('apply', 'make the settings of files those of the cluster, all of them or none'))
    .option('--dry-run', 'say what would be changed, field by field, and change nothing')
    .action((options: FileOptions) => set(async () => await run(options, options.dryRun === true))());
  file(add('diff', 'what apply would change, field by field')).action((options: FileOptions) =>
    set(async () => await run(options, true))(),
  );
  add('export', 'all settings as YAML, as apply takes them; secrets are left out, which leaves them as they are')
    .option('--kind <kind>', 'only of this kind; can be repeated', oneMore)
    .addOption(new Option('--format <format>', 'csv: of nodes only').choices(['yaml', 'csv']).default('yaml'))
    .action((options: Common & { kind?: readonly string[]; format: 'yaml' | 'csv' }) =>
      set(async () => {
        await exportSettings(api(options), options, terminal.out);
        return EXIT.ok;
      })(),
    );
}

interface ExportedDocument {
  readonly kind: string;
  readonly id: string;
  readonly body: unknown;
}

/** Page by page, as it comes; one JSON document is written when all is there. */
async function exportSettings(
  api: ManagerApi,
  options: Common & { readonly kind?: readonly string[]; readonly format: 'yaml' | 'csv' },
  out: (text: string) => void,
): Promise<void> {
  const isCsv = options.format === 'csv' && options.json !== true;
  const kinds = (isCsv ? ['node'] : (options.kind ?? [])).map(kindOf);
  const all: unknown[] = [];
  if (isCsv) out(nodeCsvHead());
  for (let after: string | null = ''; after !== null; ) {
    const query = new URLSearchParams(after === '' ? {} : { after });
    for (const kind of kinds) query.append('kind', kind);
    const page: { documents: unknown[]; next: string | null } = await api.get(
      `/api/v1/settings/export?${query}`,
      SettingsExportSchema,
    );
    after = page.next;
    if (options.json === true) all.push(...page.documents);
    else if (isCsv) {
      if (page.documents.length > 0) out(page.documents.map((each) => nodeCsvLine(each as ExportedDocument)).join('\n'));
    } else for (const document of page.documents) out(`---\n${stringify(document).trimEnd()}`);
  }
  if (options.json === true) out(JSON.stringify({ documents: all }, null, 2));
}

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

function addNodes(program: Command, context: Context): void {
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
    .argument('<id>')
    .action((id: string, options: Common) =>
      set(async () => {
        const found = await known(api(options).get(path('node', id), SettingViewSchema));
        show(options, found, () => renderSetting(found));
        return EXIT.ok;
      })(),
    );
  addNodeAdd(nodes, context);
  addNodeSearch(nodes, context);
  add('remove', 'refused while something refers to it', nodes)
    .argument('<id>')
    .action((id: string, options: Common) =>
      set(async () => {
        await known(api(options).change('DELETE', path('node', id, { by: whoAsks() }), undefined, ANYTHING, CHANGE_DEADLINE_MS));
        show(options, { removed: id }, () => `${printable(id)} was removed`);
        return EXIT.ok;
      })(),
    );
}

async function listNodes(options: ListOptions, { show, terminal, api }: Context) {
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

function addNodeAdd(nodes: Command, { add, set, show, api }: Context): void {
  add('add', 'a new node; what has secrets is given with apply, from a file', nodes)
    .argument('<id>')
    .option('--name <name>', 'default: its id')
    .option('--address <ip>', 'the first is the one that it is asked at; can be repeated', oneMore)
    .option('--host <name>', 'host name; can be repeated', oneMore)
    .option('--scope <id>', 'put it there; can be repeated', oneMore)
    .addOption(new Option('--platform <platform>').choices(PLATFORMS).default('OTHER'))
    .option('--description <text>')
    .action((id: string, options: AddOptions) =>
      set(async () => {
        const { name = id, address = [], host = [], scope = [], platform, description = '' } = options;
        const body = { name, addresses: address, hostNames: host, scopes: scope, platform };
        const put = { description, body, by: whoAsks() };
        const isNew = { 'if-none-match': '*' };
        const done = await api(options).change('PUT', path('node', id), put, SettingPutSchema, CHANGE_DEADLINE_MS, isNew);
        show(options, { id, ...done }, () => `${printable(id)} was added`);
        return EXIT.ok;
      })(),
    );
}

interface SearchOptions extends Common {
  readonly range: string;
  readonly snmpFile?: string;
  readonly add?: boolean;
  readonly scope?: readonly string[];
}

const SEARCH_DEADLINE_MS = 60_000;

function addNodeSearch(nodes: Command, { add, set, show, terminal, api }: Context): void {
  add('search', 'SNMP agents of a range of addresses, asked by the Master', nodes)
    .requiredOption('--range <range>', '10.0.0.0/24, or 10.0.0.1-10.0.0.99; at most 256 addresses')
    .option('--snmp-file <file>', 'YAML as `snmp` of a node: version, community, port …; default: v2c, public')
    .option('--add', 'make nodes of those that are none yet')
    .option('--scope <id>', 'with --add: put them there; can be repeated', oneMore)
    .action((options: SearchOptions) =>
      set(async () => {
        const [snmp] = options.snmpFile === undefined ? [] : readDocuments([options.snmpFile]);
        const asked = { range: options.range, ...(snmp === undefined ? {} : { snmp: snmp.document }) };
        const found = await api(options).change('POST', '/api/v1/nodes/search', asked, NodeSearchSchema, SEARCH_DEADLINE_MS);
        if (options.add !== true) {
          show(options, found, () => renderSearch(found));
          return EXIT.ok;
        }
        const documents = nodesOfSearch(found, options.scope ?? [], snmp?.document);
        const wanted = { dryRun: false, by: whoAsks(), deleteMissing: [] };
        const done = await importSettings(api(options), documents, wanted, terminal);
        show(options, done, () => renderDifference(done, painter(terminal)));
        return EXIT.ok;
      })(),
    );
}

function addScopes({ add, set, show, terminal, api }: Context): void {
  add('scopes', 'groups of nodes as a tree, with how many are in them').action((options: Common) =>
    set(async () => {
      const found = await api(options).get('/api/v1/facilities', FacilitiesSchema);
      show(options, found, () => renderScopes(found, painter(terminal)));
      return EXIT.ok;
    })(),
  );
}
