import type { JoinAnswer, JoinRequest, ToAgent } from '@yosugara/protocol';
import type { AgentDesk, AgentHello } from '@yosugara/runtime';

export type JoinOutcome =
  | { readonly kind: 'joined'; readonly answer: JoinAnswer }
  | { readonly kind: 'refused'; readonly status: number; readonly code: string; readonly message: string };

export type Renewed = Omit<Extract<ToAgent, { say: 'renewed' }>, 'say'>;

/** What this process does for agents as long as it serves. */
export interface AgentServing {
  readonly epoch: number;
  /** The lease is live. */
  readonly permitted: () => boolean;
  readonly desk: AgentDesk;
  readonly managers: readonly { readonly host: string; readonly port: number }[];
  /** null = that certificate is that agent's; else why it is not let in. */
  readonly refusal: (agent: string, fingerprint: string) => string | null;
  readonly join: (request: JoinRequest, address: string) => Promise<JoinOutcome>;
  /** Neither throws nor takes longer than a transaction. */
  readonly renew: (agent: string, fingerprint: string, request: string) => Promise<Renewed>;
  /** It was just let in. Neither throws nor waits. */
  readonly onWelcome?: (agent: ConnectedAgent) => void;
}

/** What somebody should know of. */
export interface AgentTrouble {
  readonly code: 'duplicate' | 'refused' | 'protocol';
  /** null = nobody knows who it was. */
  readonly agent: string | null;
  readonly address: string;
  readonly message: string;
}

/** An agent that is connected now. */
export interface ConnectedAgent {
  readonly agent: string;
  readonly address: string;
  readonly sinceMs: number;
  /** SHA-256 of the certificate that it showed, in hexadecimal. */
  readonly fingerprint: string;
  readonly hello: AgentHello;
  /** ISO 8601. */
  readonly certificateEnds: string;
}
