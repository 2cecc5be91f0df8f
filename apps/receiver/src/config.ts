import { readFileSync } from 'node:fs';
import { YosugaraError } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';
import { ConfigError, type ConfigPath, parseNodeConfig } from '@yosugara/runtime';
import { isNode, LineCounter, parseDocument } from 'yaml';

/** @throws ConfigError — every mistake with its line. */
export function loadConfig(path: string): NodeConfig {
  const lines = new LineCounter();
  const doc = parseDocument(read(path), { lineCounter: lines });
  const broken = doc.errors.map(
    (error) => `yosugara.yaml line ${lines.linePos(error.pos[0]).line}: ${error.message.split('\n')[0]}`,
  );
  if (broken.length > 0) throw new ConfigError(broken);
  const lineOf = (at: ConfigPath): number => {
    for (let length = at.length; length > 0; length--) {
      const node = doc.getIn(at.slice(0, length), true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
  return parseNodeConfig(doc.toJS(), lineOf);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new YosugaraError('CONFIG_UNREADABLE', `cannot read the configuration ${path}`, { cause: error });
  }
}

export interface Members {
  readonly self: { readonly id: string; readonly address: string };
  readonly peer: { readonly id: string; readonly address: string };
}

/** @throws YosugaraError — this member holds no data: it has no receiver. */
export function membersOf(config: NodeConfig): Members {
  const data = config.cluster.members.filter((member) => member.kind === 'data');
  const self = data.find((member) => member.id === config.node);
  const peer = data.find((member) => member.id !== config.node);
  if (self === undefined || peer === undefined)
    throw new YosugaraError('NO_RECEIVER_HERE', `member ${config.node} is no data node: a receiver runs on data nodes only`);
  return { self, peer };
}
