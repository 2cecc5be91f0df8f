import { runIdOf, type StartInstruction } from '@yosugara/protocol';
import type { SettingDocument } from '../cluster/cluster.js';

const AGENTS = 4;
export const BATCH_SCOPE = 'batch';
export const BATCH_UNIT = 'nightly';
export const BATCH_JOBS = 1_000;
/** So many of them, each of which runs its jobs one after the other. */
const CHAINS = 40;
const CHAIN_JOBS = BATCH_JOBS / CHAINS;
/** Long enough for commands to be under way wherever a take-over hits. */
const COMMAND_S = 0.2;

/** Of one run: the next one on the same cluster has agents of its own. @param runTag with `/`, which no id has */
export const agentsOf = (runTag: string): readonly string[] =>
  Array.from({ length: AGENTS }, (_, at) => `agent-${runTag.replaceAll('/', '-')}-${at + 1}`);

/** What a command writes when it starts: its run. */
export const markOf = (session: string, job: string): string => `${session} ${job}`;
const jobId = (chain: number, at: number): string => `job-${chain}-${at}`;
const agentOf = (agents: readonly string[], chain: number, at: number): string => agents[(chain + at) % agents.length]!;

/** Of the last two of each chain, whose turn comes late: what a Master of that epoch would tell its agents to start, by agent. */
export function lateStarts(
  session: string,
  agents: readonly string[],
  marks: string,
  epoch: number,
): Readonly<Record<string, readonly StartInstruction[]>> {
  const starts: Record<string, StartInstruction[]> = Object.fromEntries(agents.map((agent) => [agent, []]));
  for (let chain = 0; chain < CHAINS; chain++)
    for (const at of [CHAIN_JOBS - 2, CHAIN_JOBS - 1]) {
      const [facility, job] = [agentOf(agents, chain, at), jobId(chain, at)];
      starts[facility]!.push({
        ...{ say: 'start', epoch, run: runIdOf({ session, unit: BATCH_UNIT, job, facility, attempt: 1 }) },
        ...{ command: `echo "${markOf(session, job)}" >> ${marks}`, user: null, environment: {}, script: null },
        ...{ stopCommand: null, timeoutMs: null, keepOutputBytes: 1_000, stdout: null, stderr: null, variables: [] },
      });
    }
  return starts;
}

/** Forty chains of commands beside each other, on all agents by turns. @param marks file to which each command appends one line when it starts */
export function batchSettings(agents: readonly string[], marks: string): readonly SettingDocument[] {
  const chain = (number: number) => ({
    ...{ type: 'jobnet', id: `chain-${number}` },
    jobs: Array.from({ length: CHAIN_JOBS }, (_, at) => ({
      ...{ type: 'command', id: jobId(number, at), facility: agentOf(agents, number, at) },
      // One write of a line behind O_APPEND: no two commands mix theirs.
      command: `echo "${markOf('#[SESSION_ID]', jobId(number, at))}" >> ${marks}; sleep ${COMMAND_S}`,
      ...(at === 0
        ? {}
        : { wait: { groups: [{ conditions: [{ kind: 'end-status', job: jobId(number, at - 1), status: ['normal'] }] }] } }),
    })),
  });
  return [
    {
      ...{ kind: 'job-unit', id: BATCH_UNIT },
      body: { name: 'Nightly batch', timeZone: 'UTC', jobs: Array.from({ length: CHAINS }, (_, number) => chain(number)) },
    },
  ];
}

export interface MarksCount {
  readonly started: number;
  /** Marks that are there more than once, each once. */
  readonly doubled: readonly string[];
  /** Lines that no job of this session writes. */
  readonly strange: readonly string[];
}

/** @param lines of the file, of this session and of earlier ones */
export function countMarks(lines: readonly string[], session: string): MarksCount {
  const seen = new Set<string>();
  const doubled = new Set<string>();
  const strange: string[] = [];
  for (const line of lines) {
    if (line === '' || !line.startsWith(`${session} `)) {
      if (!/^\d{14}-\d+ job-\d+-\d+$/.test(line) && line !== '') strange.push(line);
      continue;
    }
    if (!/ job-\d+-\d+$/.test(line)) strange.push(line);
    else if (seen.has(line)) doubled.add(line);
    else seen.add(line);
  }
  return { started: seen.size, doubled: [...doubled], strange };
}
