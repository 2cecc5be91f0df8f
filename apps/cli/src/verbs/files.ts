import { nodeCsvHead, nodeCsvLine, SettingsExportSchema } from '@yosugara/protocol';
import { type Command, Option } from 'commander';
import { stringify } from 'yaml';
import type { ManagerApi } from '../control/manager-api.js';
import { EXIT } from '../exit-codes.js';
import { painter } from '../output/terminal.js';
import { kindOf } from '../settings/api.js';
import { readDocuments } from '../settings/documents.js';
import { type ImportOptions, importSettings } from '../settings/import.js';
import { renderDifference } from '../settings/render.js';
import { oneMore, whoAsks } from './arguments.js';
import type { Common, VerbContext } from './context.js';

interface FileOptions extends Common {
  readonly file: readonly string[];
  readonly dryRun?: boolean;
  readonly deleteMissing?: readonly string[];
}

/** The verbs about files of settings. */
export function addFiles(_: Command, { add, set, show, terminal, api }: VerbContext): void {
  const run = async (options: FileOptions, dryRun: boolean) => {
    const wanted: ImportOptions = { dryRun, by: whoAsks(), deleteMissing: (options.deleteMissing ?? []).map(kindOf) };
    const done = await importSettings(api(options), readDocuments(options.file), wanted, terminal);
    show(options, done, () => renderDifference(done, painter(terminal)));
    return EXIT.ok;
  };
  const file = (command: Command) =>
    command
      .requiredOption(
        '-f, --file <file>',
        'YAML of several documents, JSON, or CSV of nodes; - is standard input; can be repeated',
        oneMore,
      )
      .option('--delete-missing <kind>', 'delete settings of this kind that are not in the files; can be repeated', oneMore);
  file(add('apply', 'make the settings of files those of the cluster, all of them or none'))
    .option('--dry-run', 'say what would be changed, field by field, and change nothing')
    .action((options: FileOptions) => set(async () => await run(options, options.dryRun === true))());
  file(add('diff', 'what apply would change, field by field')).action((options: FileOptions) =>
    set(async () => await run(options, true))(),
  );
  add('export', 'all settings as YAML, as apply takes them; secrets are left out, which leaves them as they are')
    .option('--kind <kind>', 'only of this kind; can be repeated', oneMore)
    .addOption(new Option('--format <format>', 'csv: of nodes only').choices(['yaml', 'csv']).default('yaml'))
    .action((options: Common & { kind?: readonly string[]; format: 'yaml' | 'csv' }) =>
      set(async () => {
        await exportSettings(api(options), options, terminal.out);
        return EXIT.ok;
      })(),
    );
}

interface ExportedDocument {
  readonly kind: string;
  readonly id: string;
  readonly body: unknown;
}

/** Page by page, as it comes; one JSON document is written when all is there. */
async function exportSettings(
  api: ManagerApi,
  options: Common & { readonly kind?: readonly string[]; readonly format: 'yaml' | 'csv' },
  out: (text: string) => void,
): Promise<void> {
  const isCsv = options.format === 'csv' && options.json !== true;
  const kinds = (isCsv ? ['node'] : (options.kind ?? [])).map(kindOf);
  const all: unknown[] = [];
  if (isCsv) out(nodeCsvHead());
  for (let after: string | null = ''; after !== null; ) {
    const query = new URLSearchParams(after === '' ? {} : { after });
    for (const kind of kinds) query.append('kind', kind);
    const page: { documents: unknown[]; next: string | null } = await api.get(
      `/api/v1/settings/export?${query}`,
      SettingsExportSchema,
    );
    after = page.next;
    if (options.json === true) all.push(...page.documents);
    else if (isCsv) {
      if (page.documents.length > 0) out(page.documents.map((each) => nodeCsvLine(each as ExportedDocument)).join('\n'));
    } else for (const document of page.documents) out(`---\n${stringify(document).trimEnd()}`);
  }
  if (options.json === true) out(JSON.stringify({ documents: all }, null, 2));
}
