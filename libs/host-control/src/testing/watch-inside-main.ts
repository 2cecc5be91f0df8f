import { readFileSync } from 'node:fs';
import { SILENT_LOG } from '@yosugara/kernel';
import { startHostWatch } from '../watch/host-watch.js';

/** A host watch in a mount namespace of a test's own: tells its facts as JSON lines. argv: config file, options as JSON. */
const [file, options] = process.argv.slice(2) as [string, string];
const watch = startHostWatch({ config: JSON.parse(readFileSync(file, 'utf8')), log: SILENT_LOG, ...JSON.parse(options) });
setInterval(() => process.stdout.write(`${JSON.stringify(watch.facts())}\n`), 20);
process.stdout.on('error', () => process.exit(0));
