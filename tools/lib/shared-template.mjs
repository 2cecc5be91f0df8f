// For vitest: a place where the first spec that starts a PostgreSQL leaves a fresh data directory, that the others copy.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default function setup() {
  // Each project asks.
  if (process.env.YOSUGARA_TEST_PG_TEMPLATE) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'yosugara-pg-template-'));
  process.env.YOSUGARA_TEST_PG_TEMPLATE = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
