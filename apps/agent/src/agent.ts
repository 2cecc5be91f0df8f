import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { re2Patterns } from '@yosugara/connectors/patterns';
import { versionOf } from '@yosugara/host-control/version';
import { Alarm, type Clock, explain, type Log } from '@yosugara/kernel';
import { type AgentEffect, type AgentEvent, type AgentState, type Mark, nextDueMs, stepAgent } from '@yosugara/operations/agent';
import type { AgentNews, FromAgent, ToAgent } from '@yosugara/protocol/agents';
import { AskedDesk } from './asked.js';
import { Credentials } from './credentials.js';
import { Ledger } from './disk/ledger.js';
import { StepWriter } from './disk/step-writer.js';
import { AgentConfigError } from './errors.js';
import { type Identity, loadIdentity, loadManagers, type ManagerAddress, saveManagers } from './identity.js';
import { helloOf } from './link/hello.js';
import { Links } from './link/links.js';
import { type ProxySettings, ProxyWay } from './link/proxy.js';
import { Sender } from './link/sender.js';
import { bootId } from './runs/processes.js';
import { Runner } from './runs/runner.js';
import { openStatus, type StatusSocket } from './status.js';
import type { TaskHost } from './tasks/host.js';
import { Tasks } from './tasks/tasks.js';
import { Troubles } from './troubles.js';

/** As its package is called, and as the manager shows it. */
export const AGENT_VERSION = versionOf(join(import.meta.dirname, '../../..'));
const BOOT_MARK = 'boot';

export interface AgentOptions {
  readonly dataDir: string;
  /** Empty = those that it joined, or was told of since. */
  readonly managers: readonly ManagerAddress[];
  /** null = managers are reached without one. */
  readonly proxy: ProxySettings | null;
  /** So much of what nobody has yet may be on its disk. Results of commands are kept in any case. */
  readonly spoolBytes: number;
  readonly log: Log;
  readonly clock: Clock;
  /** It cannot go on. */
  readonly onHalt: (why: string) => void;
}

/** The loop around the core, and its hands. */
export class Agent {
  readonly #o: AgentOptions;
  readonly #ledger: Ledger;
  readonly #runner: Runner;
  readonly #links: Links;
  readonly #sender: Sender;
  readonly #tasks: Tasks;
  readonly #asked = new AskedDesk();
  readonly #credentials: Credentials;
  readonly #alarm: Alarm;
  readonly #instance = randomBytes(16).toString('hex');
  readonly #startedAtMs: number;
  readonly #writer: StepWriter;
  readonly #troubles: Troubles;
  #state: AgentState;
  #status: StatusSocket | null = null;
  #isClosed = false;
  #tickedMs: number;
  #managers = '';

  private constructor(options: AgentOptions, identity: Identity, ledger: Ledger) {
    this.#o = options;
    this.#ledger = ledger;
    this.#state = ledger.state;
    this.#startedAtMs = options.clock.wallMs();
    this.#tickedMs = options.clock.monotonicMs();
    const { log, clock, dataDir } = options;
    const patterns = re2Patterns();
    this.#troubles = new Troubles(clock, log, (news) => void this.#tell([news], []));
    this.#writer = new StepWriter({
      ...{ ledger, log, act: (effect) => this.#act(effect) },
      onWritten: () => this.#sender.kick(ledger.state.nextNews - 1),
      onFailure: (error) => this.#halt(`its memory cannot be written: ${explain(error)}`),
    });
    this.#runner = new Runner({
      ...{ dir: join(dataDir, 'runs'), patterns, log, onEvent: (event) => this.#feed(event) },
      onTrouble: (code, message) => this.#trouble(code, message),
    });
    this.#credentials = new Credentials(identity, {
      ...{ dataDir, log, wallMs: clock.wallMs },
      ask: (request) => this.#links.served !== null && this.#links.say(this.#links.served, { say: 'renew', request }),
      onRenewed: () => this.#links.redial('the certificate is a new one'),
      onTrouble: (message) => this.#trouble('CERTIFICATE', message),
    });
    this.#links = new Links({
      ...{ context: () => this.#credentials.context, hello: () => this.#hello(), log, random: Math.random },
      proxy: options.proxy === null ? null : new ProxyWay(options.proxy),
      onHeard: (link, saying) => this.#heard(link, saying),
      onGone: (link) => {
        if (this.#state.link?.id === link) this.#sender.end();
        this.#feed({ kind: 'gone', link });
      },
    });
    this.#sender = new Sender({
      news: (from, count, bytes) => ledger.news(from, count, bytes),
      say: (link, saying) => this.#links.say(link, saying),
      queuedBytes: (link) => this.#links.queuedBytes(link),
      drop: (link, why) => this.#links.drop(link, why),
      onFailure: (error) => this.#halt(`its news cannot be read: ${explain(error)}`),
    });
    const host: TaskHost = {
      ...{ patterns, log, wallMs: clock.wallMs },
      tell: (news, marks) => this.#tell(news, marks),
      mark: (key) => this.#state.marks.get(key),
      marks: (prefix) =>
        [...this.#state.marks.entries()].flatMap(([key, value]) => (key.startsWith(prefix) ? [{ key, value }] : [])),
      hasRoom: () => this.#hasRoom(),
      trouble: (code, message) => this.#trouble(code, message),
    };
    this.#tasks = new Tasks(host);
    // Once what came is read: an answer that lay there while we stood still is no missing one.
    this.#alarm = new Alarm(clock.monotonicMs, () => setImmediate(() => this.#tick()));
  }

  /** @throws AgentConfigError, AgentDiskError — it cannot be an agent here. */
  static async start(options: AgentOptions): Promise<Agent> {
    await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
    const identity = await loadIdentity(options.dataDir);
    const managers = options.managers.length > 0 ? options.managers : await loadManagers(options.dataDir);
    if (managers.length === 0) throw new AgentConfigError('no manager is known: name one in the configuration');
    let agent: Agent | null = null;
    // Before the ledger: two agents with one folder would destroy it.
    const status = await openStatus(options.dataDir, () => agent?.status() ?? {});
    try {
      const ledger = await Ledger.open(join(options.dataDir, 'ledger'));
      agent = new Agent(options, identity, ledger);
      agent.#status = status;
      await agent.#resume();
      agent.#links.manage(managers);
      options.log.info('agent.started', { agent: identity.agent, spool: ledger.spool, open: agent.#state.open.size });
      return agent;
    } catch (error) {
      status.close();
      throw error;
    }
  }

  status(): object {
    const { highestEpoch, acked, nextNews, open, tasks } = this.#state;
    return {
      ...{
        agent: this.#credentials.agent,
        version: AGENT_VERSION,
        pid: process.pid,
        startedAt: new Date(this.#startedAtMs).toISOString(),
      },
      ...{ master: this.#links.masterAddress, managers: this.#links.summary },
      ...{ highestEpoch, news: { made: nextNews - 1, committed: acked, bytes: this.#ledger.bytes } },
      runs: [...open.entries()].map(([run, { state, startedAtMs }]) => ({ run, state, startedAtMs })),
      tasks: tasks.tasks.length,
      certificateRenewedAt: new Date(this.#credentials.dueAtMs).toISOString(),
    };
  }

  /** Commands go on: the next agent with this folder finds them. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#alarm.clear();
    this.#credentials.close();
    this.#links.close();
    this.#sender.end();
    this.#runner.close();
    this.#asked.close();
    this.#writer.close();
    await this.#tasks.close();
    await this.#ledger.close();
    this.#status?.close();
  }

  /** What was under way when the agent before this one ended. */
  async #resume(): Promise<void> {
    const { log } = this.#o;
    const boot = await bootId();
    const sameBoot = this.#state.marks.get(BOOT_MARK) === boot;
    await this.#runner.tidy([...this.#state.open.entries()].map(([run]) => run));
    if (!sameBoot) await this.#tell([], [{ key: BOOT_MARK, value: boot }]);
    for (const [run, { instruction, state }] of [...this.#state.open.entries()]) {
      const found = await this.#runner.find(instruction, state !== 'noted', sameBoot);
      log.info('run.found', { run, was: state, what: found.what });
      this.#feed({ kind: 'found', run, found });
    }
    await this.#tasks.set(this.#state.tasks.tasks);
    this.#sender.kick(this.#state.nextNews - 1);
    this.#tick();
  }

  /* ---------- The loop ---------- */

  #feed(event: AgentEvent, done: (() => void) | null = null): void {
    if (this.#isClosed) return done?.();
    const { clock } = this.#o;
    const input = { nowMs: clock.monotonicMs(), wallMs: clock.wallMs(), nonce: randomBytes(16).toString('hex'), event };
    const { state, keep, effects } = stepAgent(this.#state, input);
    this.#state = state;
    this.#alarm.set(nextDueMs(state, this.#tickedMs));
    this.#writer.step(keep, effects, done);
  }

  #tick(): void {
    this.#tickedMs = this.#o.clock.monotonicMs();
    this.#feed({ kind: 'tick' });
  }

  #act(effect: AgentEffect): void {
    switch (effect.kind) {
      case 'say':
        this.#links.say(effect.link, effect.saying);
        return;
      case 'serve':
        return this.#serve(effect.link, effect.managers);
      case 'close':
        return this.#links.drop(effect.link, effect.why);
      case 'launch':
        return this.#runner.launch(effect.instruction);
      case 'end-it':
        return this.#runner.endIt(effect.run, effect.how);
      case 'clean':
        void this.#runner
          .clean(effect.run, effect.sweep)
          .catch((error: unknown) => this.#o.log.warn('run.clean', { run: effect.run, why: explain(error) }));
        return;
      case 'tasks':
        void this.#tasks.set(effect.tasks).catch((error: unknown) => this.#o.log.error('tasks.set', { why: explain(error) }));
        return;
      case 'halt':
        return this.#halt(effect.why);
    }
  }

  #serve(link: number, managers: readonly ManagerAddress[]): void {
    // It may have gone while the disk was written.
    if (this.#state.link?.id !== link) return;
    this.#links.serve(link);
    this.#o.log.info('link.master', { manager: this.#links.masterAddress, epoch: this.#state.highestEpoch });
    this.#sender.begin(link, this.#state.acked);
    this.#credentials.look();
    const told = JSON.stringify(managers);
    if (managers.length === 0 || told === this.#managers) return;
    this.#managers = told;
    if (this.#o.managers.length === 0) this.#links.manage(managers);
    void saveManagers(this.#o.dataDir, managers).catch((error: unknown) =>
      this.#o.log.warn('managers.save', { why: explain(error) }),
    );
  }

  #halt(why: string): void {
    if (this.#isClosed) return;
    this.#o.log.error('agent.halts', { why });
    this.#o.onHalt(why);
  }

  /* ---------- What is heard ---------- */

  #heard(link: number, saying: ToAgent): void {
    switch (saying.say) {
      case 'measure':
      case 'inventory':
      case 'file-list':
      case 'file-read':
      case 'file-write':
        if (this.#links.served === link)
          void this.#asked.answer(saying, this.#state.highestEpoch).then((answer) => this.#links.say(link, answer));
        return;
      case 'renewed':
        if (this.#links.served === link) void this.#credentials.answered(saying);
        return;
      case 'trust':
        if (this.#links.served === link) void this.#trust(link, saying.authority);
        return;
      default:
        this.#feed({ kind: 'heard', link, saying });
        if (saying.say === 'committed' && this.#state.link?.id === link) this.#sender.committed(this.#state.acked);
    }
  }

  async #trust(link: number, authority: string): Promise<void> {
    const digest = await this.#credentials.trust(authority);
    if (digest !== null) this.#links.say(link, { say: 'trusts', digest });
  }

  #hello(): FromAgent {
    const { highestEpoch, acked } = this.#state;
    const { agent } = this.#credentials;
    const { spool } = this.#ledger;
    const startedAtMs = this.#startedAtMs;
    return helloOf({ version: AGENT_VERSION, agent, spool, instance: this.#instance, highestEpoch, acked, startedAtMs });
  }

  /* ---------- What its tasks tell ---------- */

  #tell(news: readonly AgentNews[], marks: readonly Mark[]): Promise<void> {
    return new Promise((resolve) => this.#feed({ kind: 'told', news, marks }, resolve));
  }

  #hasRoom(): boolean {
    return !this.#isClosed && this.#ledger.bytes < this.#o.spoolBytes && this.#writer.waiting < 100;
  }

  #trouble(code: string, message: string): void {
    this.#troubles.note(code, message);
  }
}
