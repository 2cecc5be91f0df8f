import type { NodeConfig } from '@yosugara/protocol';

export type Level = 'ok' | 'warn' | 'fail';

/** One thing that was looked at before a node starts. */
export interface Check {
  /** Stable: `--accept` names it. */
  readonly id: string;
  readonly level: Level;
  readonly found: string;
  readonly needed: string;
  /** What makes it good, as a command where there is one; empty when it is good. */
  readonly mend: string;
}

export interface CheckContext {
  readonly config: NodeConfig;
  readonly configFile: string;
  /** The account that the node's programs run as; null: this process's. */
  readonly account: string | null;
  /** The node runs already: its own ports are taken, its devices are open. */
  readonly running: boolean;
  /** Where /proc, /sys and /run are; another place in specifications. */
  readonly root?: string;
}

export type Look = (context: CheckContext) => Promise<readonly Check[]>;

export const ok = (id: string, found: string, needed: string): Check => ({ id, level: 'ok', found, needed, mend: '' });
export const warn = (id: string, found: string, needed: string, mend: string): Check => ({
  id,
  level: 'warn',
  found,
  needed,
  mend,
});
export const fail = (id: string, found: string, needed: string, mend: string): Check => ({
  id,
  level: 'fail',
  found,
  needed,
  mend,
});

export const selfOf = ({ config }: CheckContext) => config.cluster.members.find(({ id }) => id === config.node)!;
export const isWitness = (context: CheckContext): boolean => selfOf(context).kind === 'witness';
