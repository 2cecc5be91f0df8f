// For vitest: a place where the first spec that starts a PostgreSQL leaves a fresh data directory, that the others copy.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const NAME = 'yosugara-pg-template-';

export default function setup() {
  // Each project asks.
  if (process.env.YOSUGARA_TEST_PG_TEMPLATE) return undefined;
  sweep();
  const folder = mkdtempSync(join(tmpdir(), `${NAME}${process.pid}-`));
  process.env.YOSUGARA_TEST_PG_TEMPLATE = folder;
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  return remove;
}

/** A run that was killed took nothing away. */
function sweep() {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(NAME) ? /^\d+(?=-)/.exec(name.slice(NAME.length))?.[0] : undefined;
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}
