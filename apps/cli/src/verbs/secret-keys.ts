import { YosugaraError } from '@yosugara/kernel';
import type { Command } from 'commander';
import { addNewKey, exportedKeys, importKeys, readSecrets, renderSecrets, rotateSecrets } from '../commands/secret-keys.js';
import { EXIT } from '../exit-codes.js';
import { painter } from '../output/terminal.js';
import type { Common, VerbContext } from './context.js';
import { secretOf } from './secrets.js';

/** The verbs about what secrets and journals are encrypted by (docs/secrets.md). */
export function addSecretKeys(program: Command, context: VerbContext): void {
  const { add, set, show, terminal, env, nodes, api } = context;
  const secrets = program
    .command('secrets')
    .description('what secrets and journals are encrypted by, and which node has which keys');
  add('status', 'which key encrypts secrets, which node has which, and what is still to be encrypted', secrets).action(
    (options: Common) =>
      set(async () => {
        const found = await readSecrets(api(options));
        show(options, found, () => renderSecrets(found, painter(terminal)));
        return found.nodes.some(({ keys }) => (keys?.lacks.length ?? 0) > 0) ? EXIT.failure : EXIT.ok;
      })(),
  );
  add('rotate', 'encrypt all secrets by the newest key that all nodes have', secrets).action((options: Common) =>
    set(async () => {
      const found = await rotateSecrets(api(options));
      show(
        options,
        found,
        () => `secrets are being encrypted by ${found.encryptsBy}; yosugara secrets status tells how far it is`,
      );
      return EXIT.ok;
    })(),
  );
  add('new-key', "make one more key in this node's file; it is used when all nodes have it", secrets).action((options: Common) =>
    set(async () => {
      const made = await addNewKey(nodes(options), env);
      const next = 'yosugara secrets export-keys | ssh NODE yosugara secrets import-keys';
      show(options, made, () => `${made.key} is the newest key in ${made.file}; hand it to each other node: ${next}`);
      return EXIT.ok;
    })(),
  );
  add('export-keys', "print this node's keys into a pipe; never on a screen", secrets).action((options: Common) =>
    set(async () => {
      if (terminal.screen === true)
        throw new YosugaraError(
          'REFUSED',
          'keys are not shown on a screen: | ssh NODE yosugara secrets import-keys, or > a file',
        );
      terminal.out(exportedKeys(nodes(options), env));
      return EXIT.ok;
    })(),
  );
  add('import-keys', 'add the keys that come on standard input to those of this node', secrets).action((options: Common) =>
    set(async () => {
      const found = await importKeys(nodes(options), env, await secretOf(terminal, 'keys', '-', 'import-keys'));
      show(options, found, () =>
        found.added.length === 0
          ? `nothing is new: ${found.keys.join(', ')}`
          : `added ${found.added.join(', ')} to ${found.file}; running programs take them up within seconds`,
      );
      return EXIT.ok;
    })(),
  );
}
