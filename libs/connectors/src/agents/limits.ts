/** Of the listener for agents. What is above a limit is closed, and comes again by itself. */
export interface AgentLimits {
  /** A handshake takes about a millisecond of the event loop that also leads the take-over: two thousand agents that come at once have to queue. */
  readonly handshakesPerSecond: number;
  /** So many at once. */
  readonly handshakeBurst: number;
  /** Sockets that wait for their handshake. */
  readonly waiting: number;
  /** Sockets of all kinds. */
  readonly sockets: number;
  readonly handshakeMs: number;
  /** From the handshake to the first line. */
  readonly helloMs: number;
  /** What is said to an agent and not yet taken by its host. */
  readonly queuedBytes: number;
  /** An agent that takes nothing of it for so long is cut off. */
  readonly stuckMs: number;
  /** What an agent said and nobody has dealt with: more is not read from its socket meanwhile. */
  readonly pendingBytes: number;
  /** Start checks, and questions of ours, of one agent that are not answered yet. */
  readonly questions: number;
  /** Agents whose beginning is looked up in the database at one time. */
  readonly greetings: number;
  /** Before another process with the same identity is let in the first one has so long to say something. */
  readonly duplicateMs: number;
  /** Joins of one address in a minute that were refused. */
  readonly refusedJoinsPerMinute: number;
  /** Joins at one time. */
  readonly joins: number;
}

export const AGENT_LIMITS: AgentLimits = {
  handshakesPerSecond: 500,
  handshakeBurst: 50,
  waiting: 8_192,
  sockets: 16_384,
  handshakeMs: 5_000,
  helloMs: 5_000,
  queuedBytes: 8 * 1_048_576,
  stuckMs: 10_000,
  pendingBytes: 4 * 1_048_576,
  questions: 1_000,
  greetings: 64,
  duplicateMs: 2_500,
  refusedJoinsPerMinute: 10,
  joins: 8,
};
