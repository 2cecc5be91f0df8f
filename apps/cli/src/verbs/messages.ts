import { MESSAGE_KINDS, MESSAGE_TRANSPORTS } from '@yosugara/protocol';
import { messagesHistogram, messagesMessages } from '@yosugara/protocol/api';
import { type Command, Option } from 'commander';
import { renderHistogram } from '../commands/histogram.js';
import { followMessages, type MessageFilter, parseSince, queryOf, read, renderMessages } from '../commands/messages.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { printable } from '../output/terminal.js';
import { oneMore, wholeNumber } from './arguments.js';
import type { Common, VerbContext } from './context.js';

interface MessageOptions extends Common, MessageFilter {
  readonly limit: number;
  readonly after?: string;
  readonly follow?: boolean;
  readonly csv?: true;
  readonly histogram?: true;
}

export function addMessages(_: Command, context: VerbContext): void {
  const { add, set } = context;
  add('messages', 'search and follow what was received, newest first')
    .option('--text <text>', 'contained in the message')
    .option('--source <ip>', 'sent from this address or network, such as 10.0.0.0/8')
    .option('--host <name>', 'host named in the message')
    .option('--app <name>', 'program named in the message; of a trap: its OID')
    .option('--proc <id>', 'process named in the message')
    .option('--facility <keyword>', 'kern, user, mail, daemon, auth, …, local0 to local7')
    .option('--severity <keyword>', 'at least as severe: emerg, alert, crit, err, warning, notice, info, debug')
    .addOption(new Option('--kind <kind>', 'what it is').choices(MESSAGE_KINDS))
    .addOption(new Option('--transport <way>', 'the way it came in').choices(MESSAGE_TRANSPORTS))
    .option('--sd <term>', 'structured data, such as exampleSDID@32473.iut=3; can be repeated', oneMore)
    .option('--varbind <term>', 'OID (or one above it) or its name, with =value or =value alone; can be repeated', oneMore)
    .option('--trap <name>', 'notification, by its name or OID')
    .option('--only-at <node>', 'received by this node and by no other')
    .option('--reason <name>', 'why it was not understood whole, such as no_pri; any for all of these')
    .option('--since <when>', 'such as 10m, 2h, 1d, or an RFC 3339 instant')
    .option('--until <when>', 'likewise')
    .option('--limit <n>', 'at most so many', wholeNumber, 200)
    .option('--after <next>', 'continue: the `next` of the answer before')
    .addOption(new Option('--csv', 'as a table, newest first').conflicts(['json', 'after', 'follow']))
    .addOption(new Option('--histogram', 'how many were received when, as a chart of text').conflicts(['after', 'csv', 'follow']))
    .option('--follow', 'go on with what comes; with --json one row a line')
    .action((options: MessageOptions) => set(() => messages(options, context))());
}

async function messages(options: MessageOptions, { show, terminal, api: apiOf, stop }: VerbContext): Promise<ExitCode> {
  const { text, source: from, host, app, proc, facility, severity, kind, transport, sd, varbind, trap, onlyAt, reason } = options;
  const nowMs = Date.now();
  const at = (when: string | undefined, option: string) => (when === undefined ? undefined : parseSince(when, nowMs, option));
  const filter = {
    text,
    source: from,
    ...{ host, app, proc, facility, severity, kind, transport, sd, varbind, trap, onlyAt, reason },
    since: at(options.since, '--since'),
    until: at(options.until, '--until'),
  };
  const api = apiOf(options);
  if (options.follow === true) {
    const print = (rows: Parameters<typeof renderMessages>[0]) =>
      terminal.out(options.json === true ? rows.map((row) => JSON.stringify(row)).join('\n') : renderMessages(rows, false));
    const skipped = (count: number, atLeast: boolean) =>
      terminal.note(`… ${atLeast ? 'at least ' : ''}${count} messages are not shown: they came too fast; search for them\n`);
    await followMessages(api, filter, { show: print, skipped }, stop);
    return EXIT.ok;
  }
  if (options.csv === true) {
    terminal.out((await api.text(messagesMessages(queryOf({ ...filter, limit: options.limit, format: 'csv' })).path)).trimEnd());
    return EXIT.ok;
  }
  if (options.histogram === true) {
    const counts = await api.ask(messagesHistogram(queryOf(filter)));
    show(options, counts, () => renderHistogram(counts, terminal.columns));
    return EXIT.ok;
  }
  const found = await read(api, filter, options.limit, options.after ?? null);
  show(options, found, () => renderMessages([...found.rows].reverse()));
  if (found.next !== null && options.json !== true) terminal.note(`more: --after ${printable(found.next)}\n`);
  return EXIT.ok;
}
