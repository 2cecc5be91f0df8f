import { type Command, InvalidArgumentError, Option } from 'commander';
import { listSeries, readValues, renderSeries, renderValues, valuesTable } from '../commands/graphs.js';
import { EXIT } from '../exit-codes.js';
import { instantOf, wholeNumber } from './arguments.js';
import type { Common, VerbContext } from './context.js';
import { shown } from './watching.js';

interface ValueOptions extends Common {
  readonly since?: string;
  readonly until?: string;
  readonly step?: string;
  readonly csv?: true;
  readonly watch?: true;
}

const WATCH_EVERY_MS = 5_000;
const numbers = (text: string, before: readonly number[] = []): readonly number[] => {
  if (!/^\d{1,9}(,\d{1,9}){0,99}$/.test(text)) throw new InvalidArgumentError('numbers of series are needed, as list shows them');
  return [...before, ...text.split(',').map(Number)];
};

/** The verbs about values that monitors collected. */
export function addGraphs(program: Command, context: VerbContext): void {
  const { add, set, show, terminal, api } = context;
  const graphs = program.command('graphs').description('values that monitors collected');
  add('list', 'what values are kept of', graphs)
    .option('--facility <id>', 'of a node, or of a scope with all that is in it')
    .option('--monitor <id>', 'collected by this monitor')
    .option('--limit <n>', 'at most so many, up to 10000', wholeNumber, 1_000)
    .action((options: Common & { facility?: string; monitor?: string; limit: number }) =>
      set(async () => {
        const { facility, monitor, limit } = options;
        const found = await listSeries(api(options), { facility, monitor, limit });
        show(options, found, () => renderSeries(found));
        return EXIT.ok;
      })(),
    );
  add('show', 'values as a chart of text, or as a table', graphs)
    .argument('<series...>', 'numbers of series, as list shows them', numbers)
    .option('--since <when>', 'such as 2h, 7d, or an RFC 3339 instant; default: a day ago')
    .option('--until <when>', 'likewise')
    .option('--step <span>', 'such as 60s, 5m, 1h, 1d or 1month; default: as many as fit')
    .addOption(new Option('--csv', 'as a table with mean, least and most').conflicts(['json', 'watch']))
    .option('--watch', 'again every 5 seconds; with --json one document a line')
    .action((series: readonly number[], options: ValueOptions) =>
      set(async () => {
        const span = () => ({
          from: instantOf(options.since, '--since'),
          to: instantOf(options.until, '--until'),
          step: options.step,
        });
        if (options.csv === true) {
          terminal.out((await valuesTable(api(options), series, span())).trimEnd());
          return EXIT.ok;
        }
        await shown(context, options, {
          read: async () => await readValues(api(options), series, span()),
          render: (found) => renderValues(found, terminal.columns),
          everyMs: WATCH_EVERY_MS,
        });
        return EXIT.ok;
      })(),
    );
}
