export { AGENT_LIMITS, type AgentLimits } from './limits.js';
export { AgentAwayError } from './link.js';
export { AgentListener, type AgentListenerOptions, type AgentsInside, type ShownToAgents } from './listener.js';
export type { AgentServing, AgentTrouble, ConnectedAgent, JoinOutcome, Renewed } from './ports.js';
