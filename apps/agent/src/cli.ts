import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { explain, YosugaraError } from '@yosugara/kernel';
import type { Agent } from './agent.js';
import { loadConfig } from './config.js';
import { addressOf } from './identity.js';

const USAGE = `yosugara-agent run [--config FILE]
yosugara-agent join --manager HOST:PORT --token-file FILE [--ca-fingerprint SHA256] [--agent ID] [--config FILE] [--force]
yosugara-agent status [--config FILE]
yosugara-agent version

The configuration is /etc/yosugara-agent/agent.yaml, and may be missing. --agent is the facility id of this node (its host name).
`;

/** @returns the exit status: 0 done, 1 it failed, 2 it was called wrongly. */
export async function main(args: readonly string[]): Promise<number> {
  const [verb, ...rest] = args;
  try {
    switch (verb) {
      case 'run':
        return await runVerb(rest);
      case 'join':
        return await joinVerb(rest);
      case 'status':
        return await statusVerb(rest);
      case 'make-request':
        return await requestVerb(rest);
      case '--version':
      case 'version':
        return await versionVerb();
      case '--help':
      case 'help':
        return say(USAGE, 0);
      default:
        return complain(USAGE, 2);
    }
  } catch (error) {
    const isUsage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
    if (isUsage) return complain(`yosugara-agent: ${error.message}\n${USAGE}`, 2);
    const code = error instanceof YosugaraError ? ` (${error.code})` : '';
    return complain(`yosugara-agent: ${explain(error)}${code}\n`, 1);
  }
}

function say(text: string, status: number): number {
  process.stdout.write(text);
  return status;
}

function complain(text: string, status: number): number {
  process.stderr.write(text);
  return status;
}

async function versionVerb(): Promise<number> {
  const { AGENT_VERSION } = await import('./agent.js');
  const { AGENT_PROTOCOL } = await import('@yosugara/protocol/agents');
  return say(`yosugara-agent ${AGENT_VERSION}, protocol ${AGENT_PROTOCOL}\n`, 0);
}

const config = { config: { type: 'string' } } as const;

async function runVerb(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: config });
  const settings = await loadConfig(values.config ?? null);
  const { Agent: AgentProgram } = await import('./agent.js');
  const { HOST_CLOCK } = await import('./clock.js');
  const { createLog } = await import('./log.js');
  const log = createLog(settings.log);
  const running: { agent: Agent | null } = { agent: null };
  const status = await new Promise<number>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve(0));
    const { dataDir, managers, proxy, spoolBytes } = settings;
    void AgentProgram.start({ dataDir, managers, proxy, spoolBytes, log, clock: HOST_CLOCK, onHalt: () => resolve(1) }).then(
      (agent) => {
        running.agent = agent;
      },
      (error: unknown) => resolve(complain(`yosugara-agent: ${explain(error)}\n`, 1)),
    );
  });
  await running.agent?.close();
  return status;
}

async function joinVerb(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      ...config,
      ...{ manager: { type: 'string' }, 'token-file': { type: 'string' }, 'ca-fingerprint': { type: 'string' } },
      ...{ agent: { type: 'string' }, force: { type: 'boolean', default: false } },
    },
  });
  const manager = addressOf(values.manager ?? '');
  const file = values['token-file'];
  if (manager === null || file === undefined)
    return complain(`yosugara-agent: --manager HOST:PORT and --token-file FILE are wanted\n${USAGE}`, 2);
  const { dataDir, proxy } = await loadConfig(values.config ?? null);
  const { joinCluster } = await import('./join.js');
  const token = (await readFile(file, 'utf8')).trim();
  const agent = values.agent ?? hostname().split('.')[0]!;
  const { notAfter, isNewNode } = await joinCluster({
    manager,
    token,
    caFingerprint: values['ca-fingerprint'] ?? null,
    agent,
    dataDir,
    proxy,
    force: values.force,
  });
  const node =
    isNewNode === undefined
      ? ''
      : `\nits node ${isNewNode ? 'was added to the repository' : 'was in the repository and stays as it is'}`;
  return say(`${agent} joined; its certificate is good until ${notAfter} and is renewed by itself${node}\n`, 0);
}

async function statusVerb(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: config });
  const { dataDir } = await loadConfig(values.config ?? null);
  const { askStatus } = await import('./status.js');
  const status = await askStatus(dataDir);
  if (status === null) return complain(`yosugara-agent: no agent runs with the folder ${dataDir}\n`, 1);
  if (status === 'silent')
    return complain(`yosugara-agent: the agent with the folder ${dataDir} stands still: it does not answer\n`, 1);
  return say(`${JSON.stringify(status, null, 2)}\n`, 0);
}

/** For this program itself: see request.ts. */
async function requestVerb([name]: string[]): Promise<number> {
  const { newRequest } = await import('@yosugara/connectors/pki');
  return say(`${JSON.stringify(await newRequest(name ?? ''))}\n`, 0);
}
