import type { NodeConfig } from '@yosugara/protocol';
import type { Contradiction } from './fencing-rules.js';

/** What must be refused about the console. */
export function consoleContradictions({ console: { tls } }: NodeConfig): readonly Contradiction[] {
  if ((tls.keyFile === undefined) === (tls.certFile === undefined)) return [];
  return [
    {
      path: ['console', 'tls', tls.keyFile === undefined ? 'keyFile' : 'certFile'],
      found: undefined,
      allowed: 'keyFile and certFile together, or neither: then the node’s own are used',
    },
  ];
}
