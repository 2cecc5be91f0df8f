import type { AgentList, AgentTokenView, AgentView, NewAgentToken } from '@yosugara/protocol';
import { agentsAddToken, agentsList, agentsRemoveToken, agentsRevoke, agentsTokens } from '@yosugara/protocol/api';
import { known, type ManagerApi } from '../control/manager-api.js';
import { printable, table } from '../output/terminal.js';
import { whoAsks } from '../verbs/arguments.js';

const DEADLINE_MS = 15_000;

export interface AgentFilter {
  readonly text?: string;
  readonly connected?: boolean;
  readonly away?: boolean;
  readonly limit: number;
  readonly after?: string;
}

/** Only the Master knows who is connected. */
export async function listAgents(api: ManagerApi, { text, connected, away, limit, after }: AgentFilter): Promise<AgentList> {
  const isIn = connected === true ? 'true' : away === true ? 'false' : undefined;
  return await known(api.ask(agentsList({ limit, text, after, connected: isIn })));
}

export async function addAgentToken(
  api: ManagerApi,
  ask: { node?: string; scope: readonly string[]; uses: number; minutes: number; description: string; ownerRole: string },
): Promise<NewAgentToken> {
  const { node = null, scope, uses, minutes, description, ownerRole } = ask;
  const body = { node, scopes: scope, ownerRole, uses, lifetimeMinutes: minutes, description, by: whoAsks() };
  return await known(api.ask(agentsAddToken(body), DEADLINE_MS));
}

/** All of them, page after page. */
export async function listTokens(api: ManagerApi): Promise<{ readonly tokens: readonly AgentTokenView[] }> {
  const all: AgentTokenView[] = [];
  for (let after: number | undefined; ; ) {
    const { tokens, next } = await known(api.ask(agentsTokens(after === undefined ? {} : { after })));
    all.push(...tokens);
    if (next === null) return { tokens: all };
    after = next;
  }
}

export async function removeToken(api: ManagerApi, number: string): Promise<void> {
  await known(api.ask(agentsRemoveToken(number, { by: whoAsks() }), DEADLINE_MS));
}

export async function revokeAgent(api: ManagerApi, id: string): Promise<void> {
  await known(api.ask(agentsRevoke(id, { by: whoAsks() }), DEADLINE_MS));
}

export function renderAgents({ rows, connected, known: all, serving }: AgentList): string {
  const head = serving ? `${connected} of ${all} agents are connected` : 'this node does not let agents in just now';
  const columns = ['agent', 'state', 'since', 'address', 'version', 'certificate until'];
  return `${head}\n${table(columns, rows.map(rowOf))}`;
}

const rowOf = (agent: AgentView): string[] => [
  printable(agent.agent),
  stateOf(agent),
  agent.since ?? '',
  agent.address ?? '',
  printable(agent.version ?? ''),
  agent.certificateEnds.slice(0, 10),
];

function stateOf({ connected, revokedAt, node }: AgentView): string {
  if (revokedAt !== null) return 'revoked';
  if (!node) return 'no node';
  return connected ? 'connected' : 'away';
}

export function renderNewToken({ token, expiresAt, managers }: NewAgentToken): string {
  const [first] = managers.map(({ host, port }) => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`));
  const place = first ?? 'HOST:PORT';
  return [
    token,
    '',
    `good until ${expiresAt}; on the host, with the token in a file:`,
    `  yosugara-agent join --manager ${place} --token-file FILE`,
  ].join('\n');
}

export const renderTokens = (tokens: readonly AgentTokenView[], nowMs: number): string =>
  table(
    ['number', 'for', 'scopes', 'owner', 'uses left', 'until', 'by', 'description'],
    tokens.map(({ number, node, scopes, ownerRole, usesLeft, expiresAt, createdBy, description }) => [
      ...[
        String(number),
        node === null ? 'any new agent' : printable(node),
        printable(scopes.join(' ')),
        printable(ownerRole),
        String(usesLeft),
      ],
      ...[Date.parse(expiresAt) < nowMs ? 'over' : expiresAt, printable(createdBy), printable(description)],
    ]),
  );
