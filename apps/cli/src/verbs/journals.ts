import { type Command, InvalidArgumentError, Option } from 'commander';
import { exitCodeOfVerify, exportRecords, renderInspect, renderVerify, survey } from '../commands/journal.js';
import { EXIT } from '../exit-codes.js';
import { painter } from '../output/terminal.js';
import type { Common, VerbContext } from './context.js';

const number = (text: string): number => {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('a record’s number, from 1, is needed');
  return Number(text);
};

/** The verbs about what the receivers keep on this host’s disks; they need no running cluster. */
export function addJournals(program: Command, { add, set, show, terminal, nodes, stop }: VerbContext): void {
  const journal = program.command('journal').description('what the receivers of this host have on disk');
  add('verify', 'read every byte and check every sum; 1 when something is damaged', journal).action((options: Common) =>
    set(async () => {
      const found = await survey(nodes(options), terminal, stop);
      show(options, found, () => renderVerify(found, painter(terminal)));
      return exitCodeOfVerify(found);
    })(),
  );
  add('inspect', 'which journals there are, from when to when, and what is in them', journal).action((options: Common) =>
    set(async () => {
      const found = await survey(nodes(options), terminal, stop);
      show(options, found, () => renderInspect(found));
      return EXIT.ok;
    })(),
  );
  add('export', 'print records, one a line', journal)
    .argument('<journal>', 'its id, as inspect shows it')
    .option('--from <n>', 'first record', number, 1)
    .option('--through <n>', 'last record', number, Number.MAX_SAFE_INTEGER)
    .addOption(new Option('--format <format>', 'how they are printed').choices(['json', 'text']).default('json'))
    .action((id: string, options: Common & { from: number; through: number; format: 'json' | 'text' }) =>
      set(async () => {
        await exportRecords(nodes(options), { journal: id, ...options }, terminal, stop);
        return EXIT.ok;
      })(),
    );
}
