import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabArgs } from './args.js';
import { DEFAULT_MESSAGES } from './args.js';
import type { RunReport, ScenarioReport } from './check/types.js';
import { LabCluster } from './cluster/cluster.js';
import { fillDatabase } from './cluster/fill-database.js';
import { type ClusterSettings, DEFAULT_SETTINGS } from './cluster/settings.js';
import { DoneRuns } from './done-runs.js';
import { EventLog } from './event-log.js';
import { monotonicMs } from './host/shell.js';
import { labDir, labPrefix } from './leftovers.js';
import { runLine, scenarioReport } from './report.js';
import { keepEvidence, runOnce } from './run.js';
import type { Promises } from './run-context.js';
import { soakRound } from './scenarios/soak.js';
import type { Scenario } from './scenarios/types.js';
import { DEFAULT_RATE } from './senders/streams.js';

/** Runs scenarios one after another on one cluster; after a failed run on a fresh one. */
export class Lab {
  readonly #args: LabArgs;
  readonly #say: (text: string) => void;
  readonly #dir = labDir(process.pid);
  readonly #postgresBin = postgresBin();
  #current: { readonly cluster: LabCluster; readonly promises: Promises; readonly settings: string } | null = null;
  #clusters = 0;
  #serial = 0;
  #stopping = false;

  constructor(args: LabArgs, say: (text: string) => void) {
    this.#args = args;
    this.#say = say;
  }

  async run(): Promise<readonly ScenarioReport[]> {
    const reports: ScenarioReport[] = [];
    if (this.#args.soak) return [await this.#soak()];
    // Scenarios that need the same cluster follow each other: making one costs half a minute.
    const settingsOf = (scenario: Scenario) => JSON.stringify(this.#settingsOf(scenario));
    const groups = [...new Set(this.#args.scenarios.map(settingsOf))];
    for (const group of groups)
      for (const scenario of this.#args.scenarios.filter((one) => settingsOf(one) === group))
        reports.push(scenarioReport(scenario, await this.#series(scenario)));
    return this.#args.scenarios.flatMap((scenario) => reports.filter((report) => report.scenario === scenario.name));
  }

  /** Rounds of random faults until the minutes are over. Rounds that were made before are counted and not made again. */
  async #soak(): Promise<ScenarioReport> {
    const done = new DoneRuns('soak', this.#kind());
    const known = this.#args.resume ? done.read() : new Map<number, RunReport>();
    const reports = [...known.values()];
    const endMs = monotonicMs() + this.#args.minutes * 60_000;
    for (
      let round = Math.max(this.#args.from, ...[...known.keys()].map((number) => number + 1));
      monotonicMs() < endMs && !this.#stopping;
      round++
    ) {
      const report = await this.#one(soakRound(round), 1);
      if (this.#stopping) break;
      reports.push(report);
      if (this.#args.plants.length === 0) done.add(round, report);
      this.#say(`soak round ${round} (${soakRound(round).pattern}) ${runLine(report)}`);
    }
    return scenarioReport(
      { name: 'soak', pattern: 'random double and triple faults', why: 'safe all the time, healthy after each heal' },
      reports,
    );
  }

  /** What sets these runs apart from the default's. */
  #kind(): string {
    return JSON.stringify({
      ...this.#args.settings,
      ...(this.#args.load ? { load: true } : {}),
      ...(this.#args.rate === DEFAULT_RATE ? {} : { rate: this.#args.rate }),
      ...(this.#args.messages === DEFAULT_MESSAGES ? {} : { messages: this.#args.messages }),
      ...(this.#args.dbBytes > 0 ? { dbBytes: this.#args.dbBytes } : {}),
    });
  }

  #settingsOf(scenario: Scenario): ClusterSettings {
    return { ...DEFAULT_SETTINGS, ...this.#args.settings, ...scenario.needs };
  }

  async #series(scenario: Scenario): Promise<readonly RunReport[]> {
    const { runs, from, resume, plants } = this.#args;
    const done = new DoneRuns(scenario.name, this.#kind());
    const known = resume ? done.read() : new Map<number, RunReport>();
    const reports: RunReport[] = [];
    for (let number = from; number <= runs && !this.#stopping; number++) {
      const before = known.get(number);
      if (before !== undefined) {
        reports.push(before);
        continue;
      }
      const report = await this.#one(scenario, number);
      if (this.#stopping) break;
      reports.push(report);
      if (plants.length === 0 && this.#args.only.length === 0) done.add(number, report);
      this.#say(`${scenario.name} run ${number}/${runs} ${runLine(report)}`);
    }
    return reports;
  }

  async #one(scenario: Scenario, number: number): Promise<RunReport> {
    const say = (text: string) => this.#say(`${scenario.name} run ${number}: ${text}`);
    try {
      const { cluster, promises } = await this.#cluster(this.#settingsOf(scenario), say);
      // Keys and messages are numbered by a serial of this lab: two scenarios on one cluster never use the same.
      const serial = ++this.#serial;
      const report = await runOnce({
        cluster,
        scenario,
        number: serial,
        variantNumber: number,
        dir: this.#dir,
        postgresBin: this.#postgresBin,
        promises,
        say,
        beganAt: new Date(),
        minutes: this.#args.minutes,
        load: this.#args.load,
        rate: this.#args.rate,
        messages: this.#args.messages,
        only: this.#args.only,
      });
      if (!report.ok) await this.#discard(`${scenario.name}-${number}`, say);
      return report;
    } catch (error) {
      await this.#discard(`${scenario.name}-${number}`, say);
      return notStarted(error);
    }
  }

  async #cluster(settings: ClusterSettings, say: (text: string) => void) {
    if (this.#current?.settings === JSON.stringify(settings)) return this.#current;
    await this.#tearDown();
    say('making a cluster');
    await mkdir(join(this.#dir, 'logs'), { recursive: true });
    const events = new EventLog(join(this.#dir, 'logs', 'lab.log'));
    const prefix = `${labPrefix(process.pid)}-${++this.#clusters}`;
    const cluster = new LabCluster({
      settings,
      dir: this.#dir,
      prefix,
      plants: this.#args.plants,
      onEvent: (line) => events.add(line),
    });
    this.#current = { cluster, promises: [], settings: JSON.stringify(settings) };
    await cluster.create();
    if (this.#args.dbBytes > 0) await fillDatabase(cluster, this.#args.dbBytes);
    return this.#current;
  }

  async #discard(name: string, say: (text: string) => void): Promise<void> {
    if (this.#current === null || this.#stopping) return;
    const kept = `/tmp/yosugara-lab-kept-${process.pid}-${name}`;
    await keepEvidence(this.#current.cluster, this.#dir, kept);
    say(`logs are in ${kept}`);
    await this.#tearDown();
  }

  async #tearDown(): Promise<void> {
    const current = this.#current;
    this.#current = null;
    if (current !== null) await current.cluster.destroy();
    await rm(this.#dir, { recursive: true, force: true });
  }

  /** At the end, and at a signal. */
  async close(): Promise<void> {
    this.#stopping = true;
    await this.#tearDown();
  }
}

function notStarted(error: unknown): RunReport {
  const why = error instanceof Error ? error.message : String(error);
  const nothing = { writesAcknowledged: 0, writesLost: 0, messagesSent: 0, messagesLost: 0, messagesDoubled: 0, twoMastersMs: 0 };
  return { failoverMs: null, recoverMs: null, ...nothing, ok: false, why, recoverMethod: null, recoverGapMs: null };
}

/** For the audit of a disk: the same programs as the nodes use. */
function postgresBin(): string {
  const given = process.env['YOSUGARA_POSTGRES_BIN'];
  if (given !== undefined && given !== '') return given;
  const base = '/usr/lib/postgresql';
  const versions = existsSync(base)
    ? readdirSync(base)
        .map(Number)
        .sort((left, right) => right - left)
    : [];
  return `${base}/${versions[0] ?? ''}/bin`;
}
