import { MonitorBodySchema } from '@yosugara/protocol';
import type { ParsedMessage } from '../../events/record.js';
import { type CompiledMonitor, compileMonitor } from '../compile.js';
import type { PatternPort } from '../patterns.js';
import type { Sample, SampleValue } from '../result.js';
import { naivePatterns } from './naive-patterns.js';

/** A monitor of the node web1, as its setting is read: a test names only what it is about. */
export function aMonitor(
  body: { readonly type: string } & Readonly<Record<string, unknown>>,
  options: { id?: string; patterns?: PatternPort } = {},
): CompiledMonitor {
  const { id = 'm', patterns = naivePatterns } = options;
  return compileMonitor({ id, enabled: true, body: MonitorBodySchema.parse({ facility: 'web1', ...body }) }, patterns);
}

export const NOON_MS = Date.UTC(2026, 10, 21, 12);

export const aSample = (value: SampleValue, atMs = NOON_MS, item = ''): Sample => ({
  ...{ origin: String(atMs), monitor: 'm', facility: 'web1', sender: null, item, atMs, value },
});

export const aMessage = (parts: Partial<ParsedMessage> = {}): ParsedMessage => ({
  ...{ facility: null, severity: null, host: null, app: null, procId: null, msgId: null, sentAtUs: null },
  ...{ structured: null, varbinds: null, text: '', reason: null, ...parts },
});
