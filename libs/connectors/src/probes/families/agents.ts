import type { AgentLinks, ProbeAnswer, ProbeRequest } from '@yosugara/runtime';
import { type Look, ProbeFailure, single } from '../look.js';
import type { Family } from './family.js';

/** What is known of the agents of this cluster. */
export interface AgentsPort extends Pick<AgentLinks, 'isConnected' | 'measure'> {
  /** When it last said anything to this Master, by `performance.now()`; null = it never did. */
  heardAtMs(agent: string): number | null;
  /** Since when agents are let in here, likewise; null = they are not. */
  servingSinceMs(): number | null;
}

/** An agent that restarts, or whose host does not answer for a moment, is not down; nor are all of them after a take-over. */
export const AGENT_GRACE_MS = 15_000;

/** True while it is connected, or was a moment ago. Until all of them had the time to come back to a new Master, there is nothing to say. */
export function agentAliveFamily(agents: AgentsPort, nowMs: () => number = () => performance.now()): Family {
  return {
    types: ['agent-alive'],
    concurrency: 10_000,
    look: async (_, { facility }) => {
      if (agents.isConnected(facility)) return single({ kind: 'truth', truth: true });
      const sinceMs = agents.servingSinceMs();
      const heardAtMs = agents.heardAtMs(facility);
      if (sinceMs === null || (heardAtMs === null && nowMs() - sinceMs < AGENT_GRACE_MS)) return [];
      return single({ kind: 'truth', truth: heardAtMs !== null && nowMs() - heardAtMs < AGENT_GRACE_MS });
    },
  };
}

/** What the agent of that node sees of its own host. @throws ProbeFailure, and what `measure` throws: a sentence */
export async function measuredBy(
  agents: AgentsPort | null,
  look: Look,
  { facility, check }: ProbeRequest,
  type: 'resource' | 'process',
): Promise<readonly ProbeAnswer[]> {
  if (agents === null) throw new ProbeFailure('this node takes no agents: it can be measured by SNMP');
  look.doing = `the agent of ${facility}`;
  const stop = new AbortController();
  look.closes(() => stop.abort());
  const { values, why } = await look.wait(agents.measure(facility, type, check, look.leftMs, stop.signal));
  if (why !== null) throw new ProbeFailure(why);
  // A rate has no value until there were two readings.
  return values.flatMap(({ item, value, counter }) =>
    value === null
      ? []
      : [{ item, value: { kind: 'number' as const, number: value, ...(counter === undefined ? {} : { counter }) } }],
  );
}
