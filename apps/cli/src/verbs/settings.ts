import { SETTING_KINDS, type SettingPut } from '@yosugara/protocol';
import { type Command, Option } from 'commander';
import { stringify } from 'yaml';
import {
  enableSetting,
  listSettings,
  readKinds,
  readSetting,
  readSettingHistory,
  readSettingSchema,
  removeSetting,
  renderKinds,
  renderSettingHistory,
  renderSettings,
  revertSetting,
} from '../commands/settings.js';
import { EXIT } from '../exit-codes.js';
import { painter, printable } from '../output/terminal.js';
import { kindOf } from '../settings/api.js';
import { renderSetting } from '../settings/render.js';
import { wholeNumber } from './arguments.js';
import type { Common, VerbContext } from './context.js';
import { noteMore } from './watching.js';

const KIND = SETTING_KINDS.join(', ');

/** The verbs about any kind of what operators define; it is written with `yosugara apply`. */
export function addSettings(program: Command, context: VerbContext): void {
  const settings = program
    .command('settings')
    .description(
      'what operators define, of every kind: monitors, calendars, job units, dashboards, roles, retention and all others',
    );
  addReading(settings, context);
  addPast(settings, context);
  addWriting(settings, context);
}

interface ListOptions extends Common {
  readonly text?: string;
  readonly owner?: string;
  readonly enabled?: true;
  readonly disabled?: true;
  readonly limit: number;
  readonly after?: string;
}

function addReading(settings: Command, { add, set, show, terminal, api }: VerbContext): void {
  add('kinds', 'which kinds there are, and how many settings of each', settings).action((options: Common) =>
    set(async () => {
      const found = await readKinds(api(options));
      show(options, found, () => renderKinds(found));
      return EXIT.ok;
    })(),
  );
  add('list', 'settings of a kind by id', settings)
    .argument('<kind>', KIND)
    .option('--text <text>', 'in id, name or description')
    .option('--owner <role>', 'of this role')
    .option('--enabled', 'in force')
    .addOption(new Option('--disabled', 'out of force').conflicts('enabled'))
    .option('--limit <n>', 'at most so many, up to 1000', wholeNumber, 200)
    .option('--after <next>', 'continue: the `next` of the answer before')
    .action((kind: string, options: ListOptions) =>
      set(async () => {
        const { text, owner: ownerRole, limit, after } = options;
        const enabled = options.enabled === true ? true : options.disabled === true ? false : undefined;
        const found = await listSettings(api(options), kindOf(kind), { text, ownerRole, enabled, limit, after });
        show(options, found, () => renderSettings(found.rows, painter(terminal)));
        noteMore(terminal, options, found.next);
        return EXIT.ok;
      })(),
    );
  add('show', 'one setting, without its secrets', settings)
    .argument('<kind>', KIND)
    .argument('<id>', 'id of the setting')
    .option('--yaml', 'as apply takes it')
    .action((kind: string, id: string, options: Common & { yaml?: true }) =>
      set(async () => {
        const found = await readSetting(api(options), kindOf(kind), id);
        const { description, enabled, ownerRole, body } = found;
        const document = { kind: found.kind, id, description, enabled, ownerRole, body };
        show(options, found, () => (options.yaml === true ? stringify(document).trimEnd() : renderSetting(found)));
        return EXIT.ok;
      })(),
    );
  add('schema', 'JSON Schema of the body of a kind: what apply takes', settings)
    .argument('<kind>', KIND)
    .action((kind: string, options: Common) =>
      set(async () => {
        const schema = await readSettingSchema(api(options), kindOf(kind));
        show(options, schema, () => JSON.stringify(schema, null, 2));
        return EXIT.ok;
      })(),
    );
}

function addPast(settings: Command, { add, set, show, api }: VerbContext): void {
  add('history', 'who changed a setting, when and what, the newest first', settings)
    .argument('<kind>', KIND)
    .argument('<id>', 'id of the setting')
    .option('--limit <n>', 'at most so many revisions, up to 500', wholeNumber, 50)
    .action((kind: string, id: string, options: Common & { limit: number }) =>
      set(async () => {
        const found = await readSettingHistory(api(options), kindOf(kind), id, options.limit);
        show(options, found, () => renderSettingHistory(found));
        return EXIT.ok;
      })(),
    );
  add('revert', 'make a setting again what it was in an earlier revision', settings)
    .argument('<kind>', KIND)
    .argument('<id>', 'id of the setting')
    .argument('<revision>', 'number of the revision, as history shows it', wholeNumber)
    .action((kind: string, id: string, revision: number, options: Common) =>
      set(async () => {
        const done = await revertSetting(api(options), kindOf(kind), id, revision);
        show(options, { kind, id, ...done }, () => `${kind} ${printable(id)}: ${done.done}, revision ${done.revision}`);
        return EXIT.ok;
      })(),
    );
}

function addWriting(settings: Command, { add, set, show, api }: VerbContext): void {
  for (const [name, enabled, description] of [
    ['enable', true, 'put settings in force'],
    ['disable', false, 'keep settings without effect'],
  ] as const)
    add(name, description, settings)
      .argument('<kind>', KIND)
      .argument('<id...>', 'ids of settings')
      .action((kind: string, ids: readonly string[], options: Common) =>
        set(async () => {
          const done: (SettingPut & { readonly id: string })[] = [];
          for (const id of ids) done.push({ id, ...(await enableSetting(api(options), kindOf(kind), id, enabled)) });
          show(options, { kind, enabled, settings: done }, () =>
            done
              .map(({ id, done: what }) => `${kind} ${printable(id)}: ${what === 'unchanged' ? 'was so' : `${name}d`}`)
              .join('\n'),
          );
          return EXIT.ok;
        })(),
      );
  add('remove', 'delete a setting; refused while others refer to it', settings)
    .argument('<kind>', KIND)
    .argument('<id>', 'id of the setting')
    .action((kind: string, id: string, options: Common) =>
      set(async () => {
        await removeSetting(api(options), kindOf(kind), id);
        show(options, { kind, removed: id }, () => `${kind} ${printable(id)} was removed`);
        return EXIT.ok;
      })(),
    );
}
