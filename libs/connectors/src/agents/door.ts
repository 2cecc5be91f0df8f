import { AwakeTimer, explain, type Log } from '@yosugara/kernel';
import { AGENT_PROTOCOL, type FromAgent, type ToAgent } from '@yosugara/protocol';
import type { AgentLinks, AgentSaying } from '@yosugara/runtime';
import type { AgentLimits } from './limits.js';
import { AgentAwayError, type AgentLink } from './link.js';
import type { AgentServing, AgentTrouble, ConnectedAgent } from './ports.js';
import { AgentTrusting } from './trusting.js';

const NOT_MASTER = 'this node is not the Master';
const WARM = 'this node is not the Master; whoever stays is let in at once when it becomes it';
const DUPLICATE_LOOK_MS = 100;

export interface AgentDoorOptions {
  readonly master: () => string | null;
  readonly onTrouble: (trouble: AgentTrouble) => void;
  readonly log: Log;
  readonly limits: AgentLimits;
  /** PEM: whose managers agents may trust. */
  readonly authority: () => string;
}

interface Inside {
  readonly link: AgentLink;
  readonly sinceMs: number;
  checks: number;
}

/** Who is let in, and what is done of what they say. One agent has one connection. */
export class AgentDoor implements AgentLinks {
  readonly #o: AgentDoorOptions;
  #serving: AgentServing | null = null;
  #sinceMs = 0;
  readonly #inside = new Map<string, Inside>();
  /** Who said who it is, and is not let in yet. */
  readonly #waiting = new Set<AgentLink>();
  /** Of each agent the newest of those that are being let in, which wait for one another. */
  readonly #turns = new Map<string, Promise<void>>();
  #greetings = 0;
  readonly #queue: (() => void)[] = [];
  readonly #heardAtMs = new Map<string, number>();
  readonly #trusting: AgentTrusting;
  /** It can tell an agent's certificate from another. */
  isWarm = false;

  constructor(options: AgentDoorOptions) {
    this.#o = options;
    this.#trusting = new AgentTrusting(options.authority);
  }

  /* ---------- Who serves ---------- */

  get serving(): AgentServing | null {
    return this.#serving;
  }

  serve(serving: AgentServing): void {
    if (this.#serving !== null) this.unserve();
    this.#serving = serving;
    this.#sinceMs = performance.now();
    for (const link of [...this.#waiting]) this.#letIn(link, serving);
  }

  unserve(): void {
    const serving = this.#serving;
    if (serving === null) return;
    this.#serving = null;
    const links = [...this.#inside.values()].map(({ link }) => link);
    for (const link of [...links, ...this.#waiting])
      link.goAway('not-master', 'this node is no Master any more', this.#o.master());
    for (const agent of [...this.#inside.keys()]) this.#left(agent, serving);
    this.#heardAtMs.clear();
  }

  /** By `performance.now()`; null = nobody is let in. */
  servingSinceMs(): number | null {
    return this.#serving === null ? null : this.#sinceMs;
  }

  /* ---------- AgentLinks ---------- */

  send(agent: string, message: ToAgent): boolean {
    if (this.#serving?.permitted() !== true) return false;
    return this.#inside.get(agent)?.link.send(message) ?? false;
  }

  isConnected(agent: string): boolean {
    return this.#inside.has(agent);
  }

  connected(): readonly string[] {
    return [...this.#inside.keys()];
  }

  agents(): readonly ConnectedAgent[] {
    return [...this.#inside.values()].map(connectedOf);
  }

  /** When it last said anything to this Master, by `performance.now()`; null = it never did. */
  heardAtMs(agent: string): number | null {
    return this.#inside.get(agent)?.link.heardAtMs ?? this.#heardAtMs.get(agent) ?? null;
  }

  async measure(agent: string, type: 'resource' | 'process', check: unknown, deadlineMs: number, signal: AbortSignal) {
    return await this.#linkOf(agent).ask('measured', (id) => ({ say: 'measure', id, type, check }), deadlineMs, signal);
  }

  async file(
    agent: string,
    question: Parameters<AgentLinks['file']>[1],
    deadlineMs: number,
  ): Promise<AgentSaying<'file-answer'>> {
    return await this.#linkOf(agent).ask('file-answer', (id) => ({ ...question, id }), deadlineMs);
  }

  /** Its agent is here, and of a version that can be asked. */
  canInventory(agent: string): boolean {
    return this.#inside.get(agent)?.link.hearsInventory === true;
  }

  /** What that host consists of, as its agent packed it. @throws AgentAwayError */
  async inventory(agent: string, deadlineMs: number, signal: AbortSignal): Promise<AgentSaying<'inventoried'>> {
    const link = this.#linkOf(agent);
    if (!link.hearsInventory) throw new AgentAwayError(`the agent of ${agent} is of a version that knows nothing of inventories`);
    return await link.ask('inventoried', (id) => ({ say: 'inventory', id }), deadlineMs, signal);
  }

  #linkOf(agent: string): AgentLink {
    const inside = this.#inside.get(agent);
    if (inside === undefined) throw new AgentAwayError(`the agent of ${agent} is not connected`);
    return inside.link;
  }

  /** The managers' authorities are others now: all who are inside hear of it. */
  tellTrust(): void {
    for (const { link } of this.#inside.values()) this.#trusting.tell(link);
  }

  /** It has said that it trusts those that managers are known by now. */
  isTrusting(agent: string): boolean {
    return this.#trusting.has(agent);
  }

  /** Its certificate is no good any more. */
  turnOut(agent: string, why: string): void {
    this.#inside.get(agent)?.link.goAway('unknown-agent', why);
  }

  /* ---------- What agents say ---------- */

  closed(link: AgentLink): void {
    this.#waiting.delete(link);
    if (this.#inside.get(link.agent)?.link !== link) return;
    this.#left(link.agent, this.#serving);
  }

  nonsense(link: AgentLink, why: string): void {
    const message = `the agent of ${link.agent} at ${link.address} said what is not understood: ${why}`;
    this.#o.log.warn('agents.nonsense', { agent: link.agent, from: link.address, why });
    this.#o.onTrouble({ code: 'protocol', agent: link.agent, address: link.address, message });
    link.goAway('protocol', why);
  }

  said(link: AgentLink, said: FromAgent, bytes: number): void {
    if (said.say === 'ping') return;
    if (said.say === 'hello') return this.#hello(link, said);
    const inside = this.#inside.get(link.agent);
    const serving = this.#serving;
    if (link.hello === null) return this.nonsense(link, 'the first word is hello');
    // It was let in by somebody who is no Master any more, or was not let in yet.
    if (serving === null || inside?.link !== link) return link.goAway('not-master', NOT_MASTER, this.#o.master());
    if (said.say === 'measured' || said.say === 'inventoried' || said.say === 'file-answer') return void link.answered(said);
    if (said.say === 'start-check') return this.#startCheck(inside, serving, said);
    if (said.say === 'trusts') return this.#trusting.said(link.agent, said.digest);
    link.inOrder(bytes, async () => await this.#inOrder(link, serving, said));
  }

  #hello(link: AgentLink, hello: AgentSaying<'hello'>): void {
    if (link.hello !== null) return this.nonsense(link, 'a second hello');
    if (hello.agent !== link.agent)
      return this.nonsense(link, `its certificate is that of ${link.agent}, and it says that it is ${hello.agent}`);
    if (hello.protocol !== AGENT_PROTOCOL)
      return link.goAway(
        'protocol',
        `this manager speaks version ${AGENT_PROTOCOL} of the agents' protocol, the agent ${hello.protocol}`,
      );
    link.hello = hello;
    this.#waiting.add(link);
    if (this.#serving !== null) return this.#letIn(link, this.#serving);
    if (!this.isWarm) return link.goAway('not-master', NOT_MASTER, this.#o.master());
    link.send({ say: 'wait', why: WARM, master: this.#o.master() });
  }

  #startCheck(inside: Inside, serving: AgentServing, question: AgentSaying<'start-check'>): void {
    const { link } = inside;
    const { run, nonce } = question;
    const answer = (go: boolean, why: string) =>
      void link.send({ say: 'start-answer', run, nonce, go, why: why.slice(0, 1_024) });
    if (inside.checks >= this.#o.limits.questions) return answer(false, 'it asks too much at once');
    inside.checks++;
    void serving.desk
      .startCheck(link.agent, question)
      .then(({ go, why }) => {
        // Whoever ceased to be Master meanwhile permits nothing.
        if (this.#isNow(serving)) answer(go, why);
      })
      // Without an answer it is not started, and it asks again.
      .catch((error: unknown) => this.#o.log.warn('agents.startCheck', { agent: link.agent, run, why: explain(error) }))
      .finally(() => inside.checks--);
  }

  async #inOrder(link: AgentLink, serving: AgentServing, said: FromAgent): Promise<void> {
    const { desk } = serving;
    if (!this.#isNow(serving)) return;
    if (said.say === 'taken' || said.say === 'state') return desk.heard(link.agent, said);
    if (said.say === 'renew') {
      const renewed = await serving.renew(link.agent, link.fingerprint, said.request);
      return void link.send({ say: 'renewed', ...renewed });
    }
    if (said.say !== 'news') return;
    try {
      const number = await desk.news(link.agent, link.hello!.spool, said.first, said.news);
      if (this.#isNow(serving)) link.send({ say: 'committed', number });
    } catch (error) {
      // It says it again when it comes again: nothing after it would be in order.
      this.#o.log.warn('agents.newsNotStored', { agent: link.agent, first: said.first, why: explain(error) });
      link.goAway('busy', 'what it told could not be stored just now');
    }
  }

  #isNow = (serving: AgentServing): boolean => this.#serving === serving && serving.permitted();

  /* ---------- Who comes in ---------- */

  /** Those of one agent one after the other. */
  #letIn(link: AgentLink, serving: AgentServing): void {
    const { agent } = link;
    const turn = (this.#turns.get(agent) ?? Promise.resolve()).then(async () => {
      try {
        await this.#greet(link, serving);
      } catch (error) {
        this.#o.log.warn('agents.notGreeted', { agent, why: explain(error) });
        link.goAway('busy', 'the database cannot be asked just now');
      }
    });
    this.#turns.set(agent, turn);
    void turn.finally(() => {
      if (this.#turns.get(agent) === turn) this.#turns.delete(agent);
    });
  }

  async #greet(link: AgentLink, serving: AgentServing): Promise<void> {
    const { agent, fingerprint, address } = link;
    const hello = link.hello!;
    if (link.isClosed) return;
    const why = serving.refusal(agent, fingerprint);
    if (why !== null) {
      this.#o.onTrouble({
        code: 'refused',
        agent,
        address,
        message: `the agent of ${agent} at ${address} is not let in: ${why}`,
      });
      return link.goAway('unknown-agent', why);
    }
    if (!(await this.#isOnlyOne(link))) return;
    await this.#place();
    try {
      if (link.isClosed) return;
      if (!this.#isNow(serving)) return link.goAway('not-master', NOT_MASTER, this.#o.master());
      const answer = await serving.desk.hello(hello);
      if ('refused' in answer) return link.goAway(answer.refused, answer.why);
      if (link.isClosed || !this.#isNow(serving)) {
        serving.desk.gone(agent);
        return link.goAway('not-master', NOT_MASTER, this.#o.master());
      }
      this.#waiting.delete(link);
      const inside: Inside = { link, sinceMs: Date.now(), checks: 0 };
      this.#inside.set(agent, inside);
      link.send({ say: 'welcome', epoch: serving.epoch, committed: answer.committed, managers: [...serving.managers] });
      this.#trusting.tell(link);
      serving.onWelcome?.(connectedOf(inside));
    } finally {
      this.#leave();
    }
  }

  /** The database is asked for so many at one time. */
  async #place(): Promise<void> {
    if (this.#greetings < this.#o.limits.greetings) this.#greetings++;
    else await new Promise<void>((resolve) => this.#queue.push(resolve));
  }

  #leave(): void {
    const next = this.#queue.shift();
    // The place is handed on.
    if (next !== undefined) next();
    else this.#greetings--;
  }

  /**
   * Another connection of the same agent may be one whose end nobody heard of, or another process. The same process, or one that has nothing to
   * say any more, gives way; else there are two with one identity, and the one that is there stays.
   */
  async #isOnlyOne(link: AgentLink): Promise<boolean> {
    const { agent, address } = link;
    const other = this.#inside.get(agent)?.link;
    if (other === undefined) return true;
    if (other.hello?.instance !== link.hello?.instance) {
      const fromMs = performance.now();
      // Who was not heard while we stood still may have said something all the same.
      const wait = new AwakeTimer(this.#o.limits.duplicateMs, () => undefined);
      while (!other.isClosed && !link.isClosed && wait.leftMs > 0) {
        if (other.heardAtMs > fromMs) {
          wait.stop();
          const message = `two agents say that they are ${agent}: one at ${other.address}, which stays, another one at ${address}, which is sent away`;
          this.#o.log.warn('agents.duplicate', { agent, stays: other.address, from: address });
          this.#o.onTrouble({ code: 'duplicate', agent, address, message });
          link.goAway('duplicate', message);
          return false;
        }
        await new Promise((resolve) => setTimeout(resolve, DUPLICATE_LOOK_MS));
      }
      wait.stop();
    }
    if (link.isClosed) return false;
    this.#left(agent, this.#serving);
    other.cut();
    return true;
  }

  #left(agent: string, serving: AgentServing | null): void {
    const inside = this.#inside.get(agent);
    if (inside === undefined) return;
    this.#inside.delete(agent);
    this.#heardAtMs.set(agent, inside.link.heardAtMs);
    serving?.desk.gone(agent);
  }
}

const connectedOf = ({ link, sinceMs }: Inside): ConnectedAgent => ({
  ...{ agent: link.agent, address: link.address, fingerprint: link.fingerprint, sinceMs },
  ...{ hello: link.hello!, certificateEnds: link.certificateEnds },
});
