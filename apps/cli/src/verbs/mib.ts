import type { Command } from 'commander';
import {
  deleteMib,
  importMibs,
  isImported,
  listMibs,
  lookUpMib,
  readMibSource,
  readMibs,
  renderImported,
  renderLookup,
  renderMib,
  renderMibs,
  showMib,
} from '../commands/mib.js';
import { EXIT } from '../exit-codes.js';
import { painter, printable } from '../output/terminal.js';
import { whoAsks } from './arguments.js';
import type { Common, VerbContext } from './context.js';

/** The verbs about MIB modules, which give traps their names. */
export function addMibs(program: Command, { add, set, show, terminal, api }: VerbContext): void {
  const mib = program.command('mib').description('MIB modules: names for traps and what they carry');
  add('import', 'upload modules, or newer ones in their place; 1 when something in them is wrong', mib)
    .argument('<file...>', 'files, or folders of files')
    .action((files: readonly string[], options: Common) =>
      set(async () => {
        const done = await importMibs(api(options), readMibs(files), whoAsks());
        show(options, done, () => renderImported(done, painter(terminal)));
        return isImported(done) ? EXIT.ok : EXIT.failure;
      })(),
    );
  add('list', 'what was uploaded, and what became of it', mib).action((options: Common) =>
    set(async () => {
      const found = await listMibs(api(options));
      show(options, found, () => renderMibs(found, painter(terminal)));
      return EXIT.ok;
    })(),
  );
  add('show', 'one module: what is wrong in it and where, who imports it, its traps', mib)
    .argument('<name>', 'name of the module')
    .action((name: string, options: Common) =>
      set(async () => {
        const found = await showMib(api(options), name);
        show(options, found, () => renderMib(found, painter(terminal)));
        return EXIT.ok;
      })(),
    );
  add('source', 'the text of a module as it was uploaded', mib)
    .argument('<name>', 'name of the module')
    .action((name: string, options: Common) =>
      set(async () => {
        const text = await readMibSource(api(options), name);
        show(options, { name, text }, () => text.trimEnd().split('\n').map(printable).join('\n'));
        return EXIT.ok;
      })(),
    );
  add('delete', 'refused while other modules import from it', mib)
    .argument('<name>', 'name of the module')
    .action((name: string, options: Common) =>
      set(async () => {
        await deleteMib(api(options), name, whoAsks());
        show(options, { deleted: name }, () => `${printable(name)} was deleted`);
        return EXIT.ok;
      })(),
    );
  add('lookup', 'what an OID is called, or which OID a name has', mib)
    .argument('<oid>', 'such as 1.3.6.1.2.1.2.2.1.8.3, or ifOperStatus[3]')
    .action((oid: string, options: Common) =>
      set(async () => {
        const found = await lookUpMib(api(options), oid);
        show(options, found, () => renderLookup(found));
        return EXIT.ok;
      })(),
    );
}
