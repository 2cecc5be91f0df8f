import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NEXT_ROLES, PROFILES, worstFailoverMs } from '@yosugara/failover';
import { expect, it } from 'vitest';

/** Roles as a drawing: made of the very table that the specs drive every picture of the world through. */
function rolesDrawing(): string {
  const arrows = Object.entries(NEXT_ROLES).flatMap(([from, all]) => all.map((to) => `  ${from} --> ${to}`));
  return ['```mermaid', 'stateDiagram-v2', '  direction LR', ...arrows, '```'].join('\n');
}

const seconds = (ms: number): string => `${Math.round(ms / 10) / 100} s`;

function profilesTable(): string {
  const rows = Object.entries(PROFILES).map(([name, timings]) => {
    const { heartbeatMs, demoteAtMs, leaseOwnMs, leaseVoteMs, syncStallMs } = timings;
    const cells = [heartbeatMs, demoteAtMs, leaseOwnMs, leaseVoteMs, syncStallMs, worstFailoverMs(timings)].map(seconds);
    return `| \`${name}\` | ${cells.join(' | ')} |`;
  });
  return [
    '| profile | heartbeat | a Master without answers stops after | its lease | others wait | a silent Standby is let go after | worst take-over, by reckoning (P4) |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** What stands between `<!-- name…-->` and `<!-- /name -->`. */
function withPart(page: string, name: string, part: string): string {
  const parts = new RegExp(`(<!-- ${name}\\b[^\\n]*-->\\n)[\\s\\S]*?(<!-- /${name} -->)`);
  if (!parts.test(page)) throw new Error(`the page has no place for ${name}`);
  return page.replace(parts, (_, begin: string, end: string) => `${begin}${part}\n${end}`);
}

const CONCEPTS = join(fileURLToPath(new URL('../../../..', import.meta.url)), 'docs/concepts.md');

it('drawings and tables of the concepts are those of the code (YOSUGARA_WRITE_DOCS=1 writes them)', () => {
  const page = readFileSync(CONCEPTS, 'utf8');
  const made = withPart(withPart(page, 'roles', rolesDrawing()), 'profiles', profilesTable());
  if (process.env['YOSUGARA_WRITE_DOCS'] === '1') writeFileSync(CONCEPTS, made);
  else expect(page).toBe(made);
});
