import type { Command } from 'commander';
import { ingestStatus, renderIngest } from '../commands/ingest-status.js';
import { renderTrace, traceMessage } from '../commands/ingest-trace.js';
import { parseSince } from '../commands/messages.js';
import { EXIT } from '../exit-codes.js';
import { painter } from '../output/terminal.js';
import { wholeNumber } from './arguments.js';
import type { Common, VerbContext } from './context.js';
import { shown } from './watching.js';

interface StatusOptions extends Common {
  readonly since?: string;
  readonly until?: string;
  readonly source?: string;
  readonly limit: number;
  readonly watch?: boolean;
}

const WATCH_EVERY_MS = 2_000;

/** The verbs about what was received, and what was not. */
export function addIngest(program: Command, context: VerbContext): void {
  const { add, set, show, terminal, api } = context;
  const ingest = program.command('ingest').description('what was received, at which node, and what was lost or refused');
  add('status', 'by source: received at each node, at both, at one only, refused; by listener: kernel drops', ingest)
    .option('--since <when>', 'such as 2h, 7d, or an RFC 3339 instant; whole hours are counted (default: a day)')
    .option('--until <when>', 'likewise')
    .option('--source <address>', 'this one only')
    .option('--limit <n>', 'at most so many sources', wholeNumber, 50)
    .option('--watch', 'again every 2 seconds; with --json one document a line', false)
    .action((options: StatusOptions) =>
      set(async () => {
        const at = (when: string | undefined, option: string) =>
          when === undefined ? undefined : parseSince(when, Date.now(), option);
        const asked = { since: at(options.since, '--since'), until: at(options.until, '--until') };
        const { source, limit } = options;
        const read = async () => await ingestStatus(api(options), { ...asked, source, limit });
        const render = (found: Awaited<ReturnType<typeof read>>) => renderIngest(found, painter(terminal));
        await shown(context, options, { read, render, everyMs: WATCH_EVERY_MS });
        return EXIT.ok;
      })(),
    );
  add('trace', 'one message’s way from the socket to the row, as far as it can be known', ingest)
    .argument('<id>', 'of a row, as messages --json shows it; or journal:number, or node:number')
    .action((id: string, options: Common) =>
      set(async () => {
        const found = await traceMessage(api(options), id);
        show(options, found, () => renderTrace(found));
        return EXIT.ok;
      })(),
    );
}
