import { EVENT_STATES, PRIORITIES } from '@yosugara/protocol';
import { type Command, Option } from 'commander';
import {
  changeEvents,
  type EventWish,
  eventsTable,
  followEvents,
  parseNumbers,
  readCounts,
  readEvents,
  readStatuses,
  renderCounts,
  renderEvent,
  renderEvents,
  renderStatuses,
  showEvent,
  statusesTable,
} from '../commands/events.js';
import { parseSince } from '../commands/messages.js';
import { EXIT } from '../exit-codes.js';
import { painter, printable } from '../output/terminal.js';
import { whoAsks, wholeNumber } from './arguments.js';
import type { Common, VerbContext } from './context.js';
import { shown } from './watching.js';

interface ListOptions extends Common {
  readonly state?: string;
  readonly open?: boolean;
  readonly priority?: string;
  readonly facility?: string;
  readonly scope?: string;
  readonly monitor?: string;
  readonly plugin?: string;
  readonly owner?: string;
  readonly text?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit: number;
  readonly after?: string;
  readonly follow?: boolean;
  readonly csv?: true;
}

/** The verbs about what monitors told. */
export function addEvents(program: Command, context: VerbContext): void {
  const events = addList(context);
  addChanges(events, context);
  addCounts(events, context);
  addStatuses(program, context);
}

function addList({ add, set, show, terminal, api, stop }: VerbContext): Command {
  const paint = painter(terminal);
  const events = add('events', 'what monitors told, the newest last').enablePositionalOptions();
  return events
    .option('--state <states>', `${EVENT_STATES.join(', ')}; several with commas`)
    .option('--open', 'all that nobody has confirmed')
    .option('--priority <priorities>', `${PRIORITIES.join(', ')}; several with commas`)
    .option('--facility <id>', 'a node, or a scope with all that is in it')
    .option('--scope <text>', 'part of the path that is shown')
    .option('--monitor <id>', 'told by this monitor')
    .option('--plugin <type>', 'type of the monitor, such as ping')
    .option('--owner <login>', 'that this person looks after')
    .option('--text <text>', 'part of the message')
    .option('--since <when>', 'such as 10m, 2h, 1d, or an RFC 3339 instant')
    .option('--until <when>', 'likewise')
    .option('--limit <n>', 'at most so many', wholeNumber, 200)
    .option('--after <next>', 'continue: the `next` of the answer before')
    .addOption(new Option('--csv', 'as a table, newest first').conflicts(['json', 'after', 'follow']))
    .option('--follow', 'go on with what comes, and with what people change; with --json one event a line')
    .action((options: ListOptions) =>
      set(async () => {
        const { priority, facility, scope, monitor, plugin, owner, text, limit, after } = options;
        const nowMs = Date.now();
        const at = (when: string | undefined, option: string) =>
          when === undefined ? undefined : parseSince(when, nowMs, option);
        const state = options.open === true ? 'unconfirmed,confirming' : options.state;
        const times = { since: at(options.since, '--since'), until: at(options.until, '--until') };
        const filter = { state, priority, facility, scope, monitor, plugin, owner, text, ...times };
        if (options.csv === true) {
          terminal.out((await eventsTable(api(options), filter, limit)).trimEnd());
          return EXIT.ok;
        }
        if (options.follow === true) {
          const print = (rows: Parameters<typeof renderEvents>[0]) =>
            terminal.out(
              options.json === true ? rows.map((row) => JSON.stringify(row)).join('\n') : renderEvents(rows, paint, false),
            );
          const skipped = () => terminal.note('… some events are not shown: they came too fast; list them\n');
          await followEvents(api(options), filter, { show: (rows) => rows.length > 0 && print(rows), skipped }, stop);
          return EXIT.ok;
        }
        const found = await readEvents(api(options), filter, limit, after ?? null);
        show(options, found, () => renderEvents([...found.rows].reverse(), paint));
        if (found.next !== null && options.json !== true) terminal.note(`more: --after ${printable(found.next)}\n`);
        return EXIT.ok;
      })(),
    );
}

function addCounts(events: Command, context: VerbContext): void {
  const { add, set, terminal, api } = context;
  add('counts', 'how many nobody has confirmed, by priority', events)
    .option('--watch', 'again every second when it has changed; with --json one document a line')
    .action((options: Common & { watch?: true }) =>
      set(async () => {
        const render = (found: Awaited<ReturnType<typeof readCounts>>) => renderCounts(found, painter(terminal));
        await shown(context, options, { read: async () => await readCounts(api(options)), render });
        return EXIT.ok;
      })(),
    );
}

function addChanges(events: Command, { add, set, show, terminal, api }: VerbContext): void {
  const paint = painter(terminal);
  add('show', 'one event, and what people did with it', events)
    .argument('<number>', 'number of the event')
    .action((number: string, options: Common) =>
      set(async () => {
        const found = await showEvent(api(options), number);
        show(options, found, () => renderEvent(found, paint));
        return EXIT.ok;
      })(),
    );
  const change = (name: string, description: string, wishOf: (options: EventWish & Common) => EventWish) =>
    add(name, description, events)
      .argument('<number...>', 'numbers, and ranges such as 10-20')
      .action((numbers: readonly string[], options: EventWish & Common) =>
        set(async () => {
          const done = await changeEvents(api(options), parseNumbers(numbers), wishOf(options), whoAsks());
          const missing = done.unknown.length === 0 ? '' : `; not there: ${done.unknown.join(', ')}`;
          show(options, done, () => `${done.changed.length} changed${missing}`);
          return done.unknown.length === 0 ? EXIT.ok : EXIT.failure;
        })(),
      );
  const withComment = (command: Command) => command.option('--comment <text>', 'what is said about them');
  withComment(change('confirm', 'confirm events', ({ comment }) => ({ state: 'confirmed', comment })));
  withComment(change('unconfirm', 'take a confirmation back', ({ comment }) => ({ state: 'unconfirmed', comment })));
  change('comment', "say something about events; '' takes it back", ({ comment }) => ({ comment })).requiredOption(
    '--comment <text>',
    'what is said',
  );
  change('own', "somebody looks after events; '' is nobody", ({ owner }) =>
    owner === '' ? { owner } : { owner, state: 'confirming' },
  ).requiredOption('--owner <login>', 'who looks after them');
}

interface StatusOptions extends Common {
  readonly priority?: string;
  readonly facility?: string;
  readonly monitor?: string;
  readonly limit: number;
  readonly csv?: true;
  readonly watch?: true;
}

function addStatuses(program: Command, context: VerbContext): void {
  const { add, set, terminal, api } = context;
  add('statuses', 'how everything is now, the worst first', program)
    .option('--priority <priorities>', `${PRIORITIES.join(', ')}; several with commas`)
    .option('--facility <id>', 'a node, or a scope with all that is in it')
    .option('--monitor <id>', 'told by this monitor')
    .option('--limit <n>', 'at most so many', wholeNumber, 1_000)
    .addOption(new Option('--csv', 'as a table').conflicts(['json', 'watch']))
    .option('--watch', 'again every second when it has changed; with --json one document a line')
    .action((options: StatusOptions) =>
      set(async () => {
        const { priority, facility, monitor, limit } = options;
        const filter = { priority, facility, monitor, limit };
        if (options.csv === true) terminal.out((await statusesTable(api(options), filter)).trimEnd());
        else {
          const render = (found: Awaited<ReturnType<typeof readStatuses>>) => renderStatuses(found, painter(terminal));
          await shown(context, options, { read: async () => await readStatuses(api(options), filter), render });
        }
        return EXIT.ok;
      })(),
    );
}
