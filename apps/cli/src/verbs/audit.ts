import { type Command, Option } from 'commander';
import { auditTable, followAudit, readAudit, renderAudit } from '../commands/audit.js';
import { EXIT } from '../exit-codes.js';
import { painter } from '../output/terminal.js';
import { instantOf, wholeNumber } from './arguments.js';
import type { Common, VerbContext } from './context.js';
import { noteMore } from './watching.js';

interface AuditOptions extends Common {
  readonly who?: string;
  readonly what?: string;
  readonly object?: string;
  readonly refused?: true;
  readonly since?: string;
  readonly until?: string;
  readonly limit: number;
  readonly after?: string;
  readonly follow?: true;
  readonly csv?: true;
}

/** What was done, and refused, by whom. */
export function addAudit(_: Command, { add, set, show, terminal, api, stop }: VerbContext): void {
  add('audit', 'what was done and what was refused, by whom and from where, the newest last; needs the right to read it')
    .option('--who <login>', 'by this person')
    .option('--what <action>', 'such as login, or the beginning of several: setting.')
    .option('--object <name>', 'such as monitor/ping, or the beginning of several: monitor/')
    .option('--refused', 'what was refused')
    .option('--since <when>', 'such as 10m, 2h, 1d, or an RFC 3339 instant')
    .option('--until <when>', 'likewise')
    .option('--limit <n>', 'at most so many', wholeNumber, 100)
    .option('--after <next>', 'continue: the `next` of the answer before')
    .addOption(new Option('--follow', 'go on with what comes; with --json one line each').conflicts(['until', 'after', 'csv']))
    .addOption(new Option('--csv', 'as a table, newest first, at most 100000 lines').conflicts(['json', 'after']))
    .action((options: AuditOptions) =>
      set(async () => {
        const { who, what, object, refused, limit, after } = options;
        const times = { from: instantOf(options.since, '--since'), to: instantOf(options.until, '--until') };
        const filter = { who, what, object, done: refused === true ? false : undefined, ...times };
        if (options.csv === true) terminal.out((await auditTable(api(options), filter)).trimEnd());
        else if (options.follow === true) {
          const print = (rows: Parameters<typeof renderAudit>[0]) =>
            terminal.out(
              options.json === true
                ? rows.map((row) => JSON.stringify(row)).join('\n')
                : renderAudit(rows, painter(terminal), false),
            );
          await followAudit(api(options), filter, print, stop);
        } else {
          const found = await readAudit(api(options), filter, limit, after ?? null);
          show(options, found, () => renderAudit([...found.rows].reverse(), painter(terminal)));
          noteMore(terminal, options, found.next);
        }
        return EXIT.ok;
      })(),
    );
}
