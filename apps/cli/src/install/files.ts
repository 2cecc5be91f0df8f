import { readIfThere } from '@yosugara/host-control/files';
import { YosugaraError } from '@yosugara/kernel';
import {
  type FormingState,
  FormingStateSchema,
  type NodeConfig,
  NodeConfigSchema,
  type SharedConfig,
  type WaitingState,
  WaitingStateSchema,
} from '@yosugara/protocol';
import { stringify } from 'yaml';
import { type Places, writeConfig, writePrivate } from './places.js';

export const readForming = (places: Places): Promise<FormingState | null> =>
  readState(places.formingFile, (value) => FormingStateSchema.parse(value));
export const readWaiting = (places: Places): Promise<WaitingState | null> =>
  readState(places.waitingFile, (value) => WaitingStateSchema.parse(value));
export const writeForming = (places: Places, state: FormingState): Promise<void> =>
  writePrivate(places.formingFile, `${JSON.stringify(state, null, 1)}\n`);
export const writeWaiting = (places: Places, state: WaitingState): Promise<void> =>
  writePrivate(places.waitingFile, `${JSON.stringify(state, null, 1)}\n`);

async function readState<State>(path: string, read: (value: unknown) => State): Promise<State | null> {
  const text = await readIfThere(path);
  if (text === null) return null;
  try {
    return read(JSON.parse(text));
  } catch (cause) {
    throw new YosugaraError('BAD_STATE', `${path} cannot be read: remove it and begin again`, { cause });
  }
}

/** A node's own configuration: what is the same for all, and what this host alone has. */
export function nodeConfigOf(node: string, shared: SharedConfig, local: FormingState['local']): NodeConfig {
  const { cluster, ports, stateDir, dataDir, console, backup } = shared;
  const isWitness = cluster.members.find((member) => member.id === node)?.kind === 'witness';
  return NodeConfigSchema.parse({
    ...{ cluster, node, ports, stateDir, console },
    ...(dataDir === undefined || isWitness ? {} : { dataDir }),
    ...(backup === undefined || isWitness ? {} : { backup }),
    postgres: local.postgresBin === undefined ? {} : { bin: local.postgresBin },
  });
}

export const configText = (config: NodeConfig): string =>
  `# Node ${config.node} of the Yosugara cluster ${config.cluster.id}. \`cluster\` must be the same on every member.\n${stringify(config)}`;

/** Last of all that a node needs: its presence says that everything else is there. */
export async function writeNodeConfig(places: Places, config: NodeConfig): Promise<void> {
  await writeConfig(places, configText(config));
}
