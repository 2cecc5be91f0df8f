import type { Command } from 'commander';
import { sleep } from './commands/follow.js';
import { ingestStatus, renderIngest } from './commands/ingest-status.js';
import { renderTrace, traceMessage } from './commands/ingest-trace.js';
import { parseSince } from './commands/messages.js';
import type { Found } from './control/find.js';
import { ManagerApi } from './control/manager-api.js';
import { EXIT } from './exit-codes.js';
import { type VerbContext, wholeNumber } from './governing.js';
import { painter } from './output/terminal.js';

interface Common {
  readonly config?: string;
  readonly json?: boolean;
}

interface StatusOptions extends Common {
  readonly since?: string;
  readonly until?: string;
  readonly source?: string;
  readonly limit: number;
  readonly watch?: boolean;
}

const WATCH_EVERY_MS = 2_000;

/** The verbs about what was received, and what was not. */
export function addIngest(
  program: Command,
  { add, set, show, terminal }: Omit<VerbContext, 'controllers'>,
  nodesOf: (options: Common) => readonly Found[],
  stop: AbortSignal,
): void {
  const ingest = program.command('ingest').description('what was received, at which node, and what was lost or refused');
  add('status', 'by source: received at each node, at both, at one only, refused; by listener: kernel drops', ingest)
    .option('--since <when>', 'such as 2h, 7d, or an RFC 3339 instant; whole hours are counted (default: a day)')
    .option('--until <when>', 'likewise')
    .option('--source <address>', 'this one only')
    .option('--limit <n>', 'at most so many sources', wholeNumber, 50)
    .option('--watch', 'again every 2 seconds; with --json one document a line', false)
    .action((options: StatusOptions) =>
      set(async () => {
        const api = ManagerApi.of(nodesOf(options));
        const at = (when: string | undefined, option: string) =>
          when === undefined ? undefined : parseSince(when, Date.now(), option);
        const asked = { since: at(options.since, '--since'), until: at(options.until, '--until') };
        const look = async () => await ingestStatus(api, { ...asked, source: options.source, limit: options.limit });
        if (options.watch !== true) {
          const found = await look();
          show(options, found, () => renderIngest(found, painter(terminal)));
          return EXIT.ok;
        }
        while (!stop.aborted) {
          const found = await look();
          if (options.json === true) terminal.out(JSON.stringify(found));
          // Home, and what is left of the last picture is wiped.
          else terminal.out(`${terminal.color ? '\x1b[H\x1b[2J' : ''}${renderIngest(found, painter(terminal))}`);
          await sleep(WATCH_EVERY_MS);
        }
        return EXIT.ok;
      })(),
    );
  add('trace', 'one message’s way from the socket to the row, as far as it can be known', ingest)
    .argument('<id>', 'of a row, as messages --json shows it; or journal:number, or node:number')
    .action((id: string, options: Common) =>
      set(async () => {
        const found = await traceMessage(ManagerApi.of(nodesOf(options)), id);
        show(options, found, () => renderTrace(found));
        return EXIT.ok;
      })(),
    );
}
