import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DataName, PLACES } from '../cluster/layout.js';
import { rolesOf } from '../cluster/roles.js';
import { agentsConnected, joinToken, type RunningAgent, startAgent } from '../host/agents.js';
import { monotonicMs, until } from '../host/shell.js';
import { ManagedHost } from '../operations/managed-host.js';
import type { Stage } from '../scenarios/types.js';
import { agentsOf, BATCH_JOBS, BATCH_SCOPE, BATCH_UNIT, batchSettings, countMarks, lateStarts } from './batch-plan.js';
import { FormerMaster } from './former-master.js';

const BEGUN_DEADLINE_MS = 60_000;
const ENDED_DEADLINE_MS = 300_000;
const REFUSED_DEADLINE_MS = 30_000;
const REFUSED = 'yosugara_jobs_runs_refused_total';
/** The take-over comes when so many were started. */
const BEFORE_FAULT = BATCH_JOBS / 5;

interface SessionSeen {
  readonly state: string;
  readonly endStatus: string | null;
}

/** A batch of a thousand commands on real agents, and what it wrote. */
export class Batch {
  readonly session: string;
  /** On one host, which is in the lab's network and nothing else. */
  readonly agents: readonly RunningAgent[];
  readonly host: ManagedHost;
  /** File to which each command appends one line when it starts. */
  readonly marks: string;
  readonly #stage: Stage;
  readonly #beganMs = monotonicMs();
  /** Of the Master that began it. */
  readonly #epoch: number;
  #former: FormerMaster | null = null;

  private constructor(stage: Stage, session: string, on: Pick<Batch, 'agents' | 'host' | 'marks'>, epoch: number) {
    this.#stage = stage;
    this.session = session;
    this.agents = on.agents;
    this.host = on.host;
    this.marks = on.marks;
    this.#epoch = epoch;
  }

  /** Agents that have joined, and a batch in the middle of its work. */
  static async start(stage: Stage): Promise<Batch> {
    const { cluster, undo, say } = stage;
    const { master } = rolesOf(await cluster.waitHealthy(10_000));
    const host = await ManagedHost.attach(cluster, PLACES.managed);
    undo.push(async () => await host.detach());
    const daemons = host.daemons('agents');
    await cluster.apply(master, [{ kind: 'scope', id: BATCH_SCOPE, body: { name: 'Batch' } }]);
    const agents = agentsOf(stage.runTag);
    const token = await joinToken(cluster, master, ['--uses', String(agents.length), '--scope', BATCH_SCOPE]);
    const running: RunningAgent[] = [];
    for (const agent of agents) running.push(await startAgent(daemons, agent, token, master));
    await agentsConnected(cluster, master, agents.length);
    say(`${agents.length} agents are connected`);
    const marks = join(daemons.dir, 'marks');
    await cluster.apply(master, batchSettings(agents, marks));
    const { session } = JSON.parse(await cluster.yosugara(master, ['jobs', 'run', BATCH_UNIT])) as { session: string };
    const batch = new Batch(stage, session, { agents: running, host, marks }, (await cluster.status(master)).epoch);
    await until('a batch in the middle of its work', BEGUN_DEADLINE_MS, () =>
      batch.#count().started >= BEFORE_FAULT ? true : undefined,
    );
    say(`${batch.#count().started} of ${BATCH_JOBS} commands of session ${session} were started`);
    return batch;
  }

  /** To be called while its Master is frozen: somebody with its certificate takes its agents' new connections. */
  async standInFor(on: DataName): Promise<void> {
    const { cluster, undo } = this.#stage;
    this.#former = await FormerMaster.listen(cluster, on);
    undo.push(async () => await this.#former?.close());
  }

  /**
   * When another one serves: what the frozen Master would still have told its agents to start. Each of them must refuse, but for what it runs
   * or ran already, and the new Master must hear of it. @throws Error
   */
  async demandRefused(by: DataName): Promise<void> {
    const { cluster, told, runTag, say } = this.#stage;
    // Until they have heard of the new Master, whoever is not theirs is not listened to at all.
    await agentsConnected(cluster, by, agentsOf(runTag).length);
    await this.#former?.speak(lateStarts(this.session, agentsOf(runTag), this.marks, this.#epoch));
    const refused = async () => await cluster.metric(by, REFUSED);
    const all = async () => (await refused()) + this.#said.answered >= this.#said.said;
    await until('agents to refuse', REFUSED_DEADLINE_MS, async () => ((await all()) ? true : undefined), 500).catch(() => {});
    const [count, { agents, said, answered }] = [await refused(), this.#said];
    await this.#former?.close();
    told.measured['starts of the former Master'] = said;
    say(`the former Master said ${said} starts to ${agents} agents: ${count} were refused, ${answered} were of runs they knew`);
    if (count === 0 || count + answered !== said)
      throw new Error(`of ${said} starts of a former Master agents refused ${count} and knew ${answered}`);
  }

  get #said() {
    return this.#former?.said ?? { agents: 0, said: 0, answered: 0 };
  }

  /** @throws Error what was lost, came twice or never ended. */
  async demandDone(): Promise<void> {
    const { cluster, told, say } = this.#stage;
    const status = await cluster.someStatus();
    const master: DataName = status?.master === 'b' ? 'b' : 'a';
    let last: SessionSeen | null = null;
    await until(
      `the end of session ${this.session}`,
      ENDED_DEADLINE_MS,
      async () => {
        last = await this.#seen(master);
        return last?.state.startsWith('ended') === true ? true : undefined;
      },
      1_000,
    ).catch((error: unknown) => {
      const { started } = this.#count();
      throw new Error(`${started} of ${BATCH_JOBS} commands were started; the session is ${JSON.stringify(last)}`, {
        cause: error,
      });
    });
    const { started, doubled, strange } = this.#count();
    const refused = await cluster.metric(master, REFUSED);
    told.measured['commands started'] = started;
    told.measured['commands started twice'] = doubled.length;
    told.measured['old starts refused by agents'] = refused;
    told.measured['seconds of the batch'] = Math.round((monotonicMs() - this.#beganMs) / 100) / 10;
    say(
      `session ${this.session}: ${started} commands were started, ${doubled.length} twice; agents refused ${refused} starts of an older epoch`,
    );
    const end = last as SessionSeen | null;
    if (started !== BATCH_JOBS || doubled.length > 0 || strange.length > 0 || end?.endStatus !== 'normal')
      throw new Error(
        `${started} of ${BATCH_JOBS} commands were started, ${doubled.length} twice (${doubled.slice(0, 3)}), ${strange.length} lines are strange (${strange.slice(0, 3)}); the session ended ${end?.endStatus}`,
      );
  }

  #count() {
    const text = existsSync(this.marks) ? readFileSync(this.marks, 'utf8') : '';
    return countMarks(text.split('\n'), this.session);
  }

  async #seen(master: DataName): Promise<SessionSeen | null> {
    const [row] = await this.#stage.cluster.sql<{ state: string; end_status: string | null }>(
      master,
      `SELECT state, end_status FROM job_session WHERE id = '${this.session}'`,
    );
    return row === undefined ? null : { state: row.state, endStatus: row.end_status };
  }
}
