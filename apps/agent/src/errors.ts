import { YosugaraError } from '@yosugara/kernel';

/** What is on the agent's disk cannot be used or written. */
export class AgentDiskError extends YosugaraError {
  override readonly name = 'AgentDiskError';
  constructor(message: string, cause?: unknown) {
    super('AGENT_DISK', message, { cause });
  }
}

export class AgentConfigError extends YosugaraError {
  override readonly name = 'AgentConfigError';
  constructor(message: string, cause?: unknown) {
    super('AGENT_CONFIG', message, { cause });
  }
}

export class JoinError extends YosugaraError {
  override readonly name = 'JoinError';
  constructor(message: string, cause?: unknown) {
    super('AGENT_JOIN', message, { cause });
  }
}

export const codeOf = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
