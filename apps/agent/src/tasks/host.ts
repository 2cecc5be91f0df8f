import type { Log } from '@yosugara/kernel';
import type { PatternPort } from '@yosugara/operations';
import type { Mark } from '@yosugara/operations/agent';
import type { AgentNews } from '@yosugara/protocol/agents';

/** What tasks find around them. */
export interface TaskHost {
  readonly patterns: PatternPort;
  readonly log: Log;
  readonly wallMs: () => number;
  /** News and what to remember with them are one write; resolves when it is on disk. */
  tell(news: readonly AgentNews[], marks: readonly Mark[]): Promise<void>;
  /** What the task remembered; undefined = nothing. */
  mark(key: string): unknown;
  marks(prefix: string): readonly Mark[];
  /** The disk takes more. While it does not, nothing is read, so that nothing is lost. */
  hasRoom(): boolean;
  /** For people at the managers; the same one only now and then. */
  trouble(code: string, message: string): void;
}

export interface RunningTask {
  /** Resolves when nothing of it goes on. */
  stop(): Promise<void>;
}
