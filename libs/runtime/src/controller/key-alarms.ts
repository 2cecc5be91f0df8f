import type { Alarm } from '@yosugara/protocol';
import type { NodeReport } from './types.js';

const MEND = '`yosugara secrets export-keys | ssh NODE yosugara secrets import-keys` from a node that has it';

/** Secrets in the database that a node cannot open: told while another one serves, not when it is its turn. */
export function keyAlarms({ node, manager }: Pick<NodeReport, 'node' | 'manager'>): readonly Alarm[] {
  const lacks = manager?.keys?.lacks ?? [];
  if (lacks.length === 0) return [];
  const text = `${node} lacks the key ${lacks.join(', ')} that secrets are encrypted by: as Master it could not use them; ${MEND}`;
  return [{ level: 'red', code: 'KEY_MISSING', text }];
}

/** What is to be added to the forecast of a take-over by that node; empty: nothing. */
export function keyForecast(to: string | null, reports: ReadonlyMap<string, Pick<NodeReport, 'manager'>>): string {
  const lacks = (to === null ? undefined : reports.get(to))?.manager?.keys?.lacks ?? [];
  return lacks.length === 0
    ? ''
    : `; but it lacks the key ${lacks.join(', ')}: what needs a password or a community would fail there until it has it`;
}
