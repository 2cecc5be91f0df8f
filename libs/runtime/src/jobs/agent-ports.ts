import type { AgentNews, FromAgent, ToAgent } from '@yosugara/protocol';

export type AgentHello = Extract<FromAgent, { say: 'hello' }>;
export type AgentSaying<Say extends FromAgent['say']> = Extract<FromAgent, { say: Say }>;

/** What the Master's agent listener asks of whoever runs jobs. Calls for one agent come one after the other, but `startCheck`. */
export interface AgentDesk {
  /**
   * An agent is connected and says who it is.
   * @returns the newest number of its spool that is committed, or why it is sent away.
   */
  hello(
    hello: AgentHello,
  ): Promise<{ readonly committed: number } | { readonly refused: 'unknown-agent' | 'busy'; readonly why: string }>;
  /**
   * What it kept for us, in order; numbers up to the committed one are passed over.
   * @returns the newest number that is committed on both nodes. Rejects when it could not be stored: the agent says it again.
   */
  news(agent: string, spool: string, first: number, news: readonly AgentNews[]): Promise<number>;
  /** Answered after a commit that began after the question: who is Master no more cannot make one. */
  startCheck(agent: string, question: AgentSaying<'start-check'>): Promise<{ readonly go: boolean; readonly why: string }>;
  /** `taken` and `state`. Neither throws nor waits. */
  heard(agent: string, saying: AgentSaying<'taken'> | AgentSaying<'state'>): void;
  /** Its connection ended. Neither throws nor waits. */
  gone(agent: string): void;
}

/** The agents that are connected to this Master. */
export interface AgentLinks {
  /** Never waits. @returns false: it is not connected, or takes nothing more just now. */
  send(agent: string, message: ToAgent): boolean;
  isConnected(agent: string): boolean;
  connected(): readonly string[];
  /** What an agent sees of its own host now; used by monitors. Rejects with a sentence for people. */
  measure(
    agent: string,
    type: 'resource' | 'process',
    check: unknown,
    deadlineMs: number,
    signal: AbortSignal,
  ): Promise<AgentSaying<'measured'>>;
  /** `file-list`, `file-read`, `file-write`, and what it answered. Rejects when it is gone or silent. */
  file(
    agent: string,
    question: Extract<ToAgent, { say: 'file-list' | 'file-read' | 'file-write' }>,
    deadlineMs: number,
  ): Promise<AgentSaying<'file-answer'>>;
}
