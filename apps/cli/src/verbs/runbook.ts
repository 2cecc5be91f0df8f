import { RUNBOOK_LANGUAGES, type RunbookLanguage } from '@yosugara/protocol';
import { type Command, Option } from 'commander';
import { languageOf, readRunbook, renderRunbook, runbookCodes } from '../commands/runbook.js';
import { EXIT } from '../exit-codes.js';
import { painter, table } from '../output/terminal.js';
import type { Common, VerbContext } from './context.js';

interface Options extends Common {
  readonly language?: RunbookLanguage;
}

/** Asks nobody: it must work when nothing else does. */
export function addRunbook(_: Command, { add, set, show, terminal, env }: VerbContext): void {
  add('runbook', 'what an alarm means and what to do about it; without a code: which there are')
    .argument('[code]', 'of an alarm of status, or of what self watches')
    .addOption(new Option('--language <language>', 'default: that of the locale').choices([...RUNBOOK_LANGUAGES]))
    .action((code: string | undefined, options: Options) =>
      set(async () => {
        const language = options.language ?? languageOf(env);
        if (code !== undefined) {
          const runbook = readRunbook(code, language);
          show(options, runbook, () => renderRunbook(runbook.text, painter(terminal)));
          return EXIT.ok;
        }
        const all = runbookCodes().map((each) => readRunbook(each, language));
        show(
          options,
          all.map(({ text: _text, ...runbook }) => runbook),
          () =>
            table(
              ['CODE', 'WHAT'],
              all.map((runbook) => [runbook.code, runbook.title]),
            ),
        );
        return EXIT.ok;
      })(),
    );
}
