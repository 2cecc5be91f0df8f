import { readFile } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { parse } from 'yaml';
import { AgentConfigError } from './errors.js';
import { addressOf, type ManagerAddress } from './identity.js';
import { exceptionOf, type ProxySettings } from './link/proxy.js';

export const CONFIG_FILE = '/etc/yosugara-agent/agent.yaml';
export const DATA_DIR = '/var/lib/yosugara-agent';

export interface AgentConfig {
  readonly dataDir: string;
  readonly managers: readonly ManagerAddress[];
  /** null = managers are reached without one. */
  readonly proxy: ProxySettings | null;
  readonly spoolBytes: number;
  readonly log: string;
}

const DEFAULTS: AgentConfig = { dataDir: DATA_DIR, managers: [], proxy: null, spoolBytes: 268_435_456, log: 'info' };

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
  onlyKnown('', found, ['dataDir', 'managers', 'proxy', 'spoolBytes', 'log']);
  const { dataDir, managers, proxy, spoolBytes, log } = { ...DEFAULTS, ...found } as Record<string, unknown>;
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
  return { dataDir, managers: addresses, proxy: proxyOf(proxy), spoolBytes, log };
}

function onlyKnown(place: string, found: object, known: readonly string[]): void {
  for (const key of Object.keys(found))
    if (!known.includes(key)) throw new AgentConfigError(`there is no key ${place}${key}; there are ${known.join(', ')}`);
}

function proxyOf(found: unknown): ProxySettings | null {
  if (found === null || found === undefined) return null;
  if (typeof found !== 'object' || Array.isArray(found)) throw new AgentConfigError('proxy: it has no keys; url is wanted');
  onlyKnown('proxy.', found, ['url', 'user', 'passwordFile', 'except']);
  const { url, user = null, passwordFile = null, except = [] } = found as Record<string, unknown>;
  const { protocol, hostname, port, pathname, username, password } = urlOf(url);
  if (username !== '' || password !== '')
    throw new AgentConfigError('proxy.url: user and passwordFile say who asks, not the URL');
  if (protocol !== 'http:' || hostname === '' || pathname !== '/')
    throw new AgentConfigError('proxy.url: http://HOST:PORT is wanted');
  if ((user === null) !== (passwordFile === null))
    throw new AgentConfigError('proxy: user and passwordFile are wanted both, or neither');
  if (user !== null && (typeof user !== 'string' || !/^[^:\p{Cc}]+$/u.test(user)))
    throw new AgentConfigError('proxy.user: a name without a colon is wanted');
  if (passwordFile !== null && (typeof passwordFile !== 'string' || !isAbsolute(passwordFile)))
    throw new AgentConfigError('proxy.passwordFile: an absolute path is wanted');
  if (!Array.isArray(except)) throw new AgentConfigError('proxy.except: a list of names, addresses and networks is wanted');
  for (const word of except)
    if (exceptionOf(String(word)) === null)
      throw new AgentConfigError(`proxy.except: ${JSON.stringify(word)} is no name, no .suffix, no address and no network`);
  return {
    ...{ host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? 80 : Number(port), except: except.map(String) },
    login: user === null || passwordFile === null ? null : { user, passwordFile },
  };
}

function urlOf(found: unknown): URL {
  if (typeof found === 'string' && URL.canParse(found)) return new URL(found);
  // What was written may have a password in it.
  throw new AgentConfigError('proxy.url: http://HOST:PORT is wanted');
}
