import { readFile } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { parse } from 'yaml';
import { AgentConfigError } from './errors.js';
import { addressOf, type ManagerAddress } from './identity.js';

export const CONFIG_FILE = '/etc/yosugara-agent/agent.yaml';
export const DATA_DIR = '/var/lib/yosugara-agent';

export interface AgentConfig {
  readonly dataDir: string;
  readonly managers: readonly ManagerAddress[];
  readonly spoolBytes: number;
  readonly log: string;
}

const DEFAULTS: AgentConfig = { dataDir: DATA_DIR, managers: [], spoolBytes: 268_435_456, log: 'info' };

/** @throws AgentConfigError — it names what is wrong. Without the usual file all is as usual; one that was named must be there. */
export async function loadConfig(path: string | null): Promise<AgentConfig> {
  let text: string;
  try {
    text = await readFile(path ?? CONFIG_FILE, 'utf8');
  } catch (error) {
    if (path === null && (error as NodeJS.ErrnoException).code === 'ENOENT') return DEFAULTS;
    throw new AgentConfigError(`${path ?? CONFIG_FILE} cannot be read`, error);
  }
  try {
    return configOf(parse(text) as unknown);
  } catch (error) {
    throw new AgentConfigError(`${path ?? CONFIG_FILE} is no configuration of an agent`, error);
  }
}

function configOf(found: unknown): AgentConfig {
  if (found === null || found === undefined) return DEFAULTS;
  if (typeof found !== 'object' || Array.isArray(found)) throw new AgentConfigError('it has no keys');
  const known = ['dataDir', 'managers', 'spoolBytes', 'log'];
  for (const key of Object.keys(found))
    if (!known.includes(key)) throw new AgentConfigError(`there is no key ${key}; there are ${known.join(', ')}`);
  const { dataDir, managers, spoolBytes, log } = { ...DEFAULTS, managers: [] as unknown, ...found } as Record<string, unknown>;
  if (typeof dataDir !== 'string' || !isAbsolute(dataDir)) throw new AgentConfigError('dataDir: an absolute path is wanted');
  if (typeof spoolBytes !== 'number' || !(spoolBytes >= 1_048_576))
    throw new AgentConfigError('spoolBytes: at least 1048576 is wanted');
  if (typeof log !== 'string' || !['debug', 'info', 'warn', 'error'].includes(log))
    throw new AgentConfigError('log: debug, info, warn or error is wanted');
  if (!Array.isArray(managers)) throw new AgentConfigError('managers: a list of HOST:PORT is wanted');
  const addresses = managers.map((each) => {
    const address = addressOf(String(each));
    if (address === null) throw new AgentConfigError(`managers: ${JSON.stringify(each)} is no HOST:PORT`);
    return address;
  });
  return { dataDir, managers: addresses, spoolBytes, log };
}
