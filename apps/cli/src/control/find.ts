import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { YosugaraError } from '@yosugara/kernel';
import { type NodeConfig, NodeConfigSchema, STATE_LAYOUT } from '@yosugara/protocol';
import { parse } from 'yaml';

/** A node of this host: its configuration, or at least where its state lies. */
export interface Found {
  readonly stateDir: string;
  readonly config: NodeConfig | null;
}

export interface Where {
  readonly config?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

const INSTALLED = '/etc/yosugara/yosugara.yaml';

/**
 * The nodes that run on this host: `--config FILE`, else the state folders of a local cluster (`YOSUGARA_STATE`, or
 * `.yosugara` here or in a folder above), else the installed configuration.
 *
 * @throws YosugaraError `NO_CLUSTER`, naming the places looked at.
 */
export function findNodes(where: Where): readonly Found[] {
  if (where.config !== undefined) return [fromConfig(resolve(where.cwd, where.config))];
  const state = where.env['YOSUGARA_STATE'];
  const local = state === undefined || state === '' ? findUpwards(where.cwd) : resolve(where.cwd, state);
  if (local !== null) {
    const nodes = fromState(local);
    if (nodes.length > 0) return nodes;
  }
  if (existsSync(INSTALLED)) return [fromConfig(INSTALLED)];
  throw new YosugaraError(
    'NO_CLUSTER',
    `no cluster found: no ${local ?? '.yosugara'} here or above, no ${INSTALLED}; name one with --config FILE`,
  );
}

export const socketsOf = (nodes: readonly Found[]) => nodes.map((node) => join(node.stateDir, STATE_LAYOUT.controlSocket));

function findUpwards(from: string): string | null {
  for (let dir = resolve(from); ; dir = dirname(dir)) {
    const state = join(dir, '.yosugara');
    if (existsSync(state)) return state;
    if (dir === dirname(dir)) return null;
  }
}

function fromState(state: string): readonly Found[] {
  if (!existsSync(state)) return [];
  // The folder of one node itself, too.
  if (existsSync(join(state, STATE_LAYOUT.controlSocket)) || existsSync(join(state, 'yosugara.yaml'))) return [inFolder(state)];
  return readdirSync(state)
    .map((name) => join(state, name))
    .filter((dir) => existsSync(join(dir, 'yosugara.yaml')) || existsSync(join(dir, STATE_LAYOUT.controlSocket)))
    .map(inFolder);
}

function inFolder(dir: string): Found {
  const file = join(dir, 'yosugara.yaml');
  return existsSync(file) ? fromConfig(file) : { stateDir: dir, config: null };
}

function fromConfig(file: string): Found {
  try {
    const config = NodeConfigSchema.parse(parse(readFileSync(file, 'utf8')));
    return { stateDir: isAbsolute(config.stateDir) ? config.stateDir : resolve(dirname(file), config.stateDir), config };
  } catch (cause) {
    throw new YosugaraError('BAD_CONFIG', `${file} cannot be used`, { cause });
  }
}
