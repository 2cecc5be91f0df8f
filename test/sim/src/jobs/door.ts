import { YosugaraError } from '@yosugara/kernel';
import { type FromAgent, partsOfRun, type ToAgent } from '@yosugara/protocol';
import type { AgentLinks, AgentSaying, Desk } from '@yosugara/runtime';
import type { VirtualWorld } from './virtual-world.js';

/** A connection, as the manager has it. */
export interface ManagerLink {
  readonly id: number;
  readonly agent: string;
  readonly spool: string;
  readonly isOpen: boolean;
  say(message: ToAgent): void;
  close(): void;
}

export interface DoorOptions {
  readonly world: VirtualWorld;
  readonly epoch: number;
  readonly isPermitted: () => boolean;
  /** Looked at before it leaves. */
  readonly onLeave: (agent: string, message: ToAgent) => void;
  readonly onStartCheck: () => void;
  /** Something was answered for good. `asked` from `asking`. */
  readonly asking: () => number;
  readonly onGo: (run: string, asked: number) => void;
  readonly onCommitted: (link: ManagerLink, number: number) => void;
  readonly onFileTrouble: (why: string) => void;
}

interface Question {
  readonly answered: (answer: AgentSaying<'file-answer'>) => void;
  readonly failed: (error: Error) => void;
  readonly link: ManagerLink;
}

const away = (why: string) => new YosugaraError('AGENT_AWAY', why);

/** What the product's listener of agents does, without sockets: who is let in, and what is done of what they say. */
export class Door implements AgentLinks {
  readonly #o: DoorOptions;
  #desk: Desk | null = null;
  readonly #inside = new Map<string, ManagerLink>();
  readonly #waiting = new Set<ManagerLink>();
  readonly #chains = new Map<number, Promise<void>>();
  readonly #questions = new Map<number, Question>();
  #nextQuestion = 1;

  constructor(options: DoorOptions) {
    this.#o = options;
  }

  serve(desk: Desk): void {
    this.#desk = desk;
  }

  /** All of them are sent away. */
  close(): void {
    const desk = this.#desk;
    this.#desk = null;
    for (const link of [...this.#inside.values(), ...this.#waiting]) link.close();
    for (const agent of [...this.#inside.keys()]) this.#left(agent, desk);
  }

  get #isNow(): boolean {
    return this.#desk !== null && this.#o.isPermitted();
  }

  /* ---------- AgentLinks ---------- */

  send(agent: string, message: ToAgent): boolean {
    const link = this.#inside.get(agent);
    if (!this.#isNow || link === undefined || !link.isOpen) return false;
    this.#o.onLeave(agent, message);
    link.say(message);
    return true;
  }

  isConnected(agent: string): boolean {
    return this.#inside.has(agent);
  }

  connected(): readonly string[] {
    return [...this.#inside.keys()];
  }

  measure = async (): Promise<never> => {
    throw away('nobody measures here');
  };

  async file(
    agent: string,
    question: Parameters<AgentLinks['file']>[1],
    deadlineMs: number,
  ): Promise<AgentSaying<'file-answer'>> {
    const link = this.#inside.get(agent);
    try {
      if (link === undefined) throw away(`the agent of ${agent} is not connected`);
      const id = this.#nextQuestion++;
      return await new Promise<AgentSaying<'file-answer'>>((answered, failed) => {
        const timer = setTimeout(() => failed(away(`the agent of ${agent} did not answer`)), deadlineMs);
        const settled =
          <Args extends readonly unknown[]>(how: (...args: Args) => void) =>
          (...args: Args) => {
            clearTimeout(timer);
            this.#questions.delete(id);
            how(...args);
          };
        this.#questions.set(id, { link, answered: settled(answered), failed: settled(failed) });
        link.say({ ...question, id });
      });
    } catch (error) {
      this.#o.onFileTrouble(`${agent}: ${String(error)}`);
      throw error;
    }
  }

  /* ---------- What agents say ---------- */

  said(link: ManagerLink, saying: FromAgent): void {
    const desk = this.#desk;
    if (saying.say === 'hello') return void this.#greet(link, saying);
    if (desk === null || this.#inside.get(link.agent) !== link) return link.close();
    if (saying.say === 'file-answer') return this.#questions.get(saying.id)?.answered(saying);
    if (saying.say === 'start-check') return void this.#startCheck(link, desk, saying);
    const before = this.#chains.get(link.id) ?? Promise.resolve();
    const chain = before.then(async () => await this.#inOrder(link, desk, saying));
    this.#chains.set(
      link.id,
      chain.catch(() => undefined),
    );
  }

  closed(link: ManagerLink): void {
    this.#waiting.delete(link);
    for (const question of [...this.#questions.values()])
      if (question.link === link) question.failed(away('the connection ended'));
    if (this.#inside.get(link.agent) === link) this.#left(link.agent, this.#desk);
  }

  async #greet(link: ManagerLink, hello: AgentSaying<'hello'>): Promise<void> {
    const desk = this.#desk;
    const { agent } = link;
    if (desk === null || !this.#isNow) return link.close();
    this.#waiting.add(link);
    // The one that was there before is one whose end nobody heard of.
    const other = this.#inside.get(agent);
    if (other !== undefined) {
      this.#left(agent, desk);
      other.close();
    }
    const answer = await desk.hello(hello);
    this.#waiting.delete(link);
    if ('refused' in answer) return link.close();
    if (!link.isOpen || !this.#isNow || this.#inside.has(agent)) {
      desk.gone(agent);
      return link.close();
    }
    this.#inside.set(agent, link);
    this.#o.onCommitted(link, answer.committed);
    link.say({ say: 'welcome', epoch: this.#o.epoch, committed: answer.committed, managers: [] });
  }

  async #startCheck(link: ManagerLink, desk: Desk, question: AgentSaying<'start-check'>): Promise<void> {
    const { run, nonce } = question;
    const asked = this.#o.asking();
    this.#o.onStartCheck();
    const answer = await desk.startCheck(link.agent, question).catch(() => null);
    if (answer === null) return;
    if (answer.go) this.#o.onGo(run, asked);
    if (this.#isNow) link.say({ say: 'start-answer', run, nonce, ...answer });
  }

  async #inOrder(link: ManagerLink, desk: Desk, saying: FromAgent): Promise<void> {
    if (!this.#isNow || !link.isOpen) return;
    if (saying.say === 'taken' || saying.say === 'state') return desk.heard(link.agent, saying);
    if (saying.say !== 'news') return;
    const number = await desk.news(link.agent, link.spool, saying.first, saying.news).catch(() => null);
    // It says it again when it comes again: nothing after it would be in order.
    if (number === null) return link.close();
    this.#o.onCommitted(link, number);
    if (this.#isNow) link.say({ say: 'committed', number });
  }

  #left(agent: string, desk: Desk | null): void {
    if (this.#inside.delete(agent)) desk?.gone(agent);
  }
}

export const runsOf = (message: ToAgent) => (message.say === 'start' ? partsOfRun(message.run) : null);
