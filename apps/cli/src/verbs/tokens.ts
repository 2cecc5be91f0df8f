import { chmodSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { addToken, listTokens, removeToken, renderTokens } from '../commands/tokens.js';
import { EXIT } from '../exit-codes.js';
import { oneMore, wholeNumber } from './arguments.js';
import type { Common, VerbContext } from './context.js';

/** The verbs about bearers for programs. They are a person's: `yosugara login` first. */
export function addTokens(program: Command, { add, set, show, api }: VerbContext): void {
  const tokens = program.command('tokens').description('API tokens of people, for programs; needs yosugara login');
  add('list', 'tokens: what each may, until when, and when it was last used', tokens)
    .option('--user <login>', 'those of somebody else')
    .action((options: Common & { user?: string }) =>
      set(async () => {
        const found = await listTokens(api(options), options.user);
        show(options, found, () => renderTokens(found, Date.now()));
        return EXIT.ok;
      })(),
    );
  add('add', 'make a token of yours; it is shown once', tokens)
    .argument('<name>', 'what it is for')
    .requiredOption('--role <id>', 'role of yours that it has; can be repeated', oneMore)
    .option('--days <n>', 'good for so long', wholeNumber, 90)
    .option('--token-file <file>', 'write it there, for its owner only, and do not show it')
    .action((name: string, options: Common & { role: readonly string[]; days: number; tokenFile?: string }) =>
      set(async () => {
        const { role: roles, days, tokenFile } = options;
        const made = await addToken(api(options), { name, roles, days });
        if (tokenFile === undefined) show(options, made, () => made.secret);
        else {
          writeFileSync(tokenFile, `${made.secret}\n`, { mode: 0o600 });
          chmodSync(tokenFile, 0o600);
          show(options, { token: made.token, tokenFile }, () => `token ${made.token.id} lies in ${tokenFile}`);
        }
        return EXIT.ok;
      })(),
    );
  add('remove', 'a token is good for nothing from now on', tokens)
    .argument('<number>', 'number of the token, as list shows it', wholeNumber)
    .action((number: number, options: Common) =>
      set(async () => {
        await removeToken(api(options), number);
        show(options, { removed: number }, () => `token ${number} was removed`);
        return EXIT.ok;
      })(),
    );
}
