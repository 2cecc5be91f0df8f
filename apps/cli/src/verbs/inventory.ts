import { INVENTORY_KINDS, type InventoryKind } from '@yosugara/protocol';
import { type Command, Option } from 'commander';
import {
  collectInventory,
  conditionOf,
  findInventory,
  momentOf,
  readChanges,
  readInventory,
  readItems,
  renderChanges,
  renderCollected,
  renderFound,
  renderInventory,
  renderItems,
} from '../commands/inventory.js';
import { EXIT } from '../exit-codes.js';
import { printable } from '../output/terminal.js';
import { wholeNumber } from './arguments.js';
import type { Common, VerbContext } from './context.js';

interface Paged extends Common {
  readonly limit: number;
  readonly after?: string;
}
interface InventoryOptions extends Paged {
  readonly kind?: InventoryKind;
  readonly text?: string;
  readonly at?: string;
  readonly diff?: boolean;
  readonly from?: string;
  readonly collect?: boolean;
}
interface FindOptions extends Paged {
  readonly package?: string;
  readonly kind: InventoryKind;
  readonly name?: string;
  readonly contains?: string;
  readonly where?: string;
  readonly at?: string;
}

/** The verbs about what nodes consist of. */
export function addInventory(nodes: Command, context: VerbContext): void {
  const { add, set } = context;
  add('inventory', 'what a node consists of: how much of each kind, or with --kind or --text all of it', nodes)
    .argument('<id>', 'id of the node')
    .addOption(new Option('--kind <kind>', 'only these').choices(INVENTORY_KINDS))
    .option('--text <text>', 'part of the name')
    .option('--at <when>', 'as it was: a day such as 2026-11-22 (its end), a time with its zone, or an age such as 7d')
    .addOption(new Option('--diff', 'what came, went and changed, newest first, up to --at').conflicts(['kind', 'text']))
    .addOption(new Option('--from <when>', 'with --diff: after that').implies({ diff: true }))
    .addOption(new Option('--collect', 'its agent looks now').conflicts(['kind', 'text', 'at', 'diff', 'from']))
    .option('--limit <n>', 'at most so many, up to 1000', wholeNumber, 200)
    .option('--after <next>', 'continue: the `next` of the answer before')
    .action((id: string, options: InventoryOptions) => set(async () => await showInventory(id, options, context))());
  add('find', 'nodes by what they have', nodes)
    .option('--package <name>', 'a package of that name')
    .addOption(
      new Option('--kind <kind>', 'something of that kind').choices(INVENTORY_KINDS).default('package').conflicts('package'),
    )
    .addOption(new Option('--name <name>', 'all of its name').conflicts('package'))
    .option('--contains <text>', 'part of its name')
    .option('--where <condition>', 'a field of it, = != < <= > >= ~ and a value: version<3.0.17')
    .option('--at <when>', 'as it was: a day such as 2026-11-22 (its end), a time with its zone, or an age such as 7d')
    .option('--limit <n>', 'at most so many, up to 1000', wholeNumber, 200)
    .option('--after <next>', 'continue: the `next` of the answer before')
    .action((options: FindOptions) => set(async () => await findNodes(options, context))());
}

async function showInventory(id: string, options: InventoryOptions, { show, terminal, api }: VerbContext) {
  const { kind, text, at, diff, from, collect, limit, after } = options;
  const manager = api(options);
  const more = (next: string | null) => {
    if (next !== null && options.json !== true) terminal.note(`more: --after ${printable(next)}\n`);
  };
  if (collect === true) {
    const done = await collectInventory(manager, id);
    show(options, done, () => renderCollected(done));
  } else if (diff === true) {
    const found = await readChanges(manager, id, { from: momentOf(from), to: momentOf(at), limit, after });
    show(options, found, () => renderChanges(found));
    more(found.next);
  } else if (kind === undefined && text === undefined && at === undefined && after === undefined) {
    const found = await readInventory(manager, id);
    show(options, found, () => renderInventory(found));
  } else {
    const found = await readItems(manager, id, { kind, text, at: momentOf(at), limit, after });
    show(options, found, () => renderItems(found));
    more(found.next);
  }
  return EXIT.ok;
}

async function findNodes(options: FindOptions, { show, terminal, api }: VerbContext) {
  const { package: named, kind, name = named, contains, where, at, limit, after } = options;
  const found = await findInventory(api(options), {
    kind,
    name,
    contains,
    at: momentOf(at),
    limit,
    after,
    ...conditionOf(where),
  });
  show(options, found, () => renderFound(found));
  if (found.next !== null && options.json !== true) terminal.note(`more: --after ${printable(found.next)}\n`);
  return EXIT.ok;
}
