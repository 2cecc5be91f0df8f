import { NodeSearchSchema } from '@yosugara/protocol';
import type { Command } from 'commander';
import { EXIT } from '../exit-codes.js';
import { painter } from '../output/terminal.js';
import { readDocuments } from '../settings/documents.js';
import { importSettings } from '../settings/import.js';
import { renderDifference, renderSearch } from '../settings/render.js';
import { nodesOfSearch } from '../settings/search.js';
import { oneMore, whoAsks } from './arguments.js';
import type { Common, VerbContext } from './context.js';

interface SearchOptions extends Common {
  readonly range: string;
  readonly snmpFile?: string;
  readonly add?: boolean;
  readonly scope?: readonly string[];
}

const SEARCH_DEADLINE_MS = 60_000;

export function addNodeSearch(nodes: Command, { add, set, show, terminal, api }: VerbContext): void {
  add('search', 'SNMP agents of a range of addresses, asked by the Master', nodes)
    .requiredOption('--range <range>', '10.0.0.0/24, or 10.0.0.1-10.0.0.99; at most 256 addresses')
    .option('--snmp-file <file>', 'YAML as `snmp` of a node: version, community, port …; default: v2c, public')
    .option('--add', 'make nodes of those that are none yet')
    .option('--scope <id>', 'with --add: put them there; can be repeated', oneMore)
    .action((options: SearchOptions) =>
      set(async () => {
        const [snmp] = options.snmpFile === undefined ? [] : readDocuments([options.snmpFile]);
        const asked = { range: options.range, ...(snmp === undefined ? {} : { snmp: snmp.document }) };
        const found = await api(options).change('POST', '/api/v1/nodes/search', asked, NodeSearchSchema, SEARCH_DEADLINE_MS);
        if (options.add !== true) {
          show(options, found, () => renderSearch(found));
          return EXIT.ok;
        }
        const documents = nodesOfSearch(found, options.scope ?? [], snmp?.document);
        const wanted = { dryRun: false, by: whoAsks(), deleteMissing: [] };
        const done = await importSettings(api(options), documents, wanted, terminal);
        show(options, done, () => renderDifference(done, painter(terminal)));
        return EXIT.ok;
      })(),
    );
}
