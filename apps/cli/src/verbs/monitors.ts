import { readFileSync } from 'node:fs';
import { explain, InvalidInputError } from '@yosugara/kernel';
import { type Command, Option } from 'commander';
import { renderRan, renderTried, runMonitor, tryMonitor } from '../commands/monitors.js';
import { readSetting } from '../commands/settings.js';
import type { ManagerApi } from '../control/manager-api.js';
import { EXIT } from '../exit-codes.js';
import { painter } from '../output/terminal.js';
import { readDocuments } from '../settings/documents.js';
import { whoAsks, wholeNumber } from './arguments.js';
import type { Common, VerbContext } from './context.js';

interface TestOptions extends Common {
  readonly line?: string;
  readonly lineFile?: string;
  readonly file?: string;
}

/** The verbs about what monitors would say; they are written as settings. */
export function addMonitors(program: Command, { add, set, show, terminal, api }: VerbContext): void {
  const monitors = program.command('monitors').description('what monitors would say; they are settings of the kind monitor');
  add('test', 'which rule of a monitor decides about a line, why the others do not, and what would be told', monitors)
    .argument('[id]', 'a monitor that is stored')
    .option('-f, --file <file>', 'a monitor that is not stored yet, as apply takes it')
    .option('--line <text>', 'as it is received: a syslog line, a trap in hexadecimal, the answer of what is asked')
    .addOption(new Option('--line-file <file>', 'with the line, - is standard input').conflicts('line'))
    .action((id: string | undefined, options: TestOptions) =>
      set(async () => {
        const tried = await tryMonitor(api(options), await monitorOf(api(options), id, options.file), lineOf(options));
        show(options, tried, () => renderTried(tried, painter(terminal)));
        return EXIT.ok;
      })(),
    );
  add('run', 'looks now, whatever its calendar says; what is seen is stored, judged and told as of any look', monitors)
    .argument('<id>', 'a monitor that looks by itself')
    .argument('[node...]', 'nodes of its target; default: all of them')
    .option('--within <seconds>', 'wait so long for what is seen, 60 at most', wholeNumber, 15)
    .action((id: string, nodes: readonly string[], options: Common & { within: number }) =>
      set(async () => {
        const ran = await runMonitor(api(options), id, nodes, options.within, whoAsks());
        show(options, ran, () => renderRan(ran, painter(terminal)));
        return EXIT.ok;
      })(),
    );
}

async function monitorOf(api: ManagerApi, id: string | undefined, file: string | undefined): Promise<unknown> {
  if ((id === undefined) === (file === undefined))
    throw new InvalidInputError('monitor', id === undefined ? 'neither' : 'both', 'either the id of a monitor or --file');
  if (id !== undefined) return (await readSetting(api, 'monitor', id)).body;
  const found = readDocuments([file!]).map(
    ({ document }) => document as { readonly kind?: unknown; readonly body?: unknown } | null,
  );
  const monitor = found.length === 1 ? found[0] : found.find((each) => each?.kind === 'monitor');
  return monitor?.body ?? monitor;
}

function lineOf({ line, lineFile }: TestOptions): string {
  if (line !== undefined) return line;
  if (lineFile === undefined) throw new InvalidInputError('--line', 'nothing', 'a line, or --line-file');
  try {
    return readFileSync(lineFile === '-' ? 0 : lineFile, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new InvalidInputError('--line-file', `${lineFile} (${explain(error)})`, 'a file that can be read');
  }
}
