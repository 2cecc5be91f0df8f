import { readFileSync } from 'node:fs';
import { YosugaraError } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';
import { parseNodeConfig } from '@yosugara/runtime';
import { LineCounter, parseDocument } from 'yaml';

/** @throws ConfigError — unreadable, not YAML, or not as the schema allows; one line a mistake. */
export function loadConfig(path: string): NodeConfig {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new YosugaraError('CONFIG_UNREADABLE', `cannot read the configuration ${path}`, { cause });
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const broken = document.errors[0];
  if (broken !== undefined)
    throw new YosugaraError(
      'CONFIG_INVALID',
      `${path} line ${lines.linePos(broken.pos[0]).line}: not YAML: ${broken.message.split('\n')[0]}`,
    );
  return parseNodeConfig(document.toJS(), (keys) => {
    for (let depth = keys.length; depth >= 0; depth -= 1) {
      const node = depth === 0 ? document.contents : document.getIn(keys.slice(0, depth), true);
      const range = (node as { range?: readonly number[] } | undefined)?.range;
      if (range?.[0] !== undefined) return lines.linePos(range[0]).line;
    }
    return 1;
  });
}
