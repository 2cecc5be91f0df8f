import { YosugaraError } from '@yosugara/kernel';
import type { AgentDesk } from '@yosugara/runtime';
import type { AuditEntry } from '../store/ports.js';
import type { SigningAuthority } from './agent-authority.js';

/** What whoever runs jobs needs to serve agents. */
export interface AgentService {
  readonly epoch: number;
  /** The lease is live. */
  readonly permitted: () => boolean;
  readonly desk: AgentDesk;
}

/** Agents of one epoch, as this node serves them: what is written for them is written as long as it may, and with who did it. */
export class AgentWork {
  readonly epoch: number;
  readonly desk: AgentDesk;
  isOver = false;
  /** null = not read yet: nobody is let in. */
  authority: SigningAuthority | null = null;
  readonly #permitted: () => boolean;
  readonly #node: string;

  constructor({ epoch, permitted, desk }: AgentService, node: string) {
    this.epoch = epoch;
    this.desk = desk;
    this.#permitted = permitted;
    this.#node = node;
  }

  get isPermitted(): boolean {
    return !this.isOver && this.#permitted();
  }

  /** Asked before each commit. */
  readonly guard = (): void => {
    if (!this.isPermitted) throw new YosugaraError('NOT_SERVING', 'this node is no Master any more');
  };

  entry(login: string, action: string): Omit<AuditEntry, 'detail'> {
    return { login, action, node: this.#node, epoch: this.epoch };
  }

  change(by: string, action: string, detail: AuditEntry['detail']) {
    return { entry: { ...this.entry(by, action), detail }, guard: this.guard };
  }
}
