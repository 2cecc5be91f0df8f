import type {
  EndStatus,
  JobApprovals,
  JobHistory,
  JobInSession,
  JobLinks,
  JobPlan,
  JobQueues,
  JobRunDetail,
  JobSessionDetail,
  JobSessionRow,
  JobState,
  QueuedJob,
} from '@yosugara/protocol';
import { type Paint, printable, table } from '../output/terminal.js';

const END_STYLES = { normal: 'green', warning: 'yellow', abnormal: 'red' } as const satisfies Record<EndStatus, string>;
const CALM: ReadonlySet<JobState> = new Set(['scheduled', 'waiting', 'skipped', 'ended-skip', 'ended-exclusive']);
const LOOK_AT: ReadonlySet<JobState> = new Set([
  'held',
  'suspended',
  'stopped',
  'stopping',
  'error',
  'not-managed',
  'output-failed',
]);

interface How {
  readonly state: JobState;
  readonly endStatus: EndStatus | null;
  readonly endValue: number | null;
}

function stateText({ state, endStatus, endValue }: How, paint: Paint): string {
  if (endStatus !== null)
    return paint(`${state} ${endStatus}${endValue === null ? '' : ` (${endValue})`}`, END_STYLES[endStatus]);
  return CALM.has(state) ? paint(state, 'dim') : LOOK_AT.has(state) ? paint(state, 'yellow') : state;
}

const time = (at: string | null) => (at === null ? '–' : at.slice(0, 19).replace('T', ' '));

export function renderSessions(rows: readonly JobSessionRow[], paint: Paint): string {
  const cells = rows.map((row) => [
    row.id,
    row.root === null ? row.unit : `${row.unit}/${row.root}`,
    stateText(row, paint),
    time(row.scheduledAt),
    time(row.startedAt),
    time(row.endedAt),
    `${row.trigger.type}${row.trigger.id === null ? '' : ` ${row.trigger.id}`}${row.isTest ? ' (test)' : ''}`,
  ]);
  return table(['SESSION', 'UNIT', 'STATE', 'FOR (UTC)', 'STARTED', 'ENDED', 'TRIGGER'], cells);
}

const nodesText = (nodes: JobInSession['nodes']) =>
  Object.entries(nodes)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ') || '–';

export function renderSession(session: JobSessionDetail, paint: Paint): string {
  const { id, unit, unitName, revision, trigger, operations, variables } = session;
  const head: (readonly [string, string])[] = [
    ['session', id],
    ['unit', `${unit} (${printable(unitName)}), revision ${revision}${session.root === null ? '' : `, from ${session.root} on`}`],
    ['state', stateText(session, paint)],
    ['times', `for ${time(session.scheduledAt)}, started ${time(session.startedAt)}, ended ${time(session.endedAt)} (UTC)`],
    ['trigger', printable(`${trigger.type}${trigger.id === null ? '' : ` ${trigger.id}`}: ${trigger.info}`)],
    ['possible', operations.join(', ') || '–'],
  ];
  if (session.testCommand !== null) head.push(['test', `every command is ${printable(session.testCommand)}`]);
  if (session.ignoresTimes) head.push(['times', 'waits for times of day and minutes do not count']);
  const given = Object.entries(variables).map(([name, value]) => `  ${name} = ${printable(value)}`);
  const rows = session.jobs.map((job) => [
    `${'  '.repeat(job.depth - 1)}${job.job}`,
    job.type,
    stateText(job, paint),
    time(job.startedAt),
    time(job.endedAt),
    nodesText(job.nodes),
    printable(job.why),
  ]);
  return [
    ...head.map(([name, value]) => `${name.padEnd(10)}${value}`),
    ...(given.length === 0 ? [] : ['variables', ...given]),
    '',
    table(['JOB', 'TYPE', 'STATE', 'STARTED', 'ENDED', 'NODES', 'WHY'], rows),
  ].join('\n');
}

export function renderJob(job: JobRunDetail, paint: Paint): string {
  const rows = job.runs.map((run) => [
    run.facility,
    run.state,
    String(run.attempt),
    run.returnValue === null ? '–' : String(run.returnValue),
    time(run.startedAt),
    time(run.endedAt),
    run.operations.join(', ') || '–',
    printable(run.message),
  ]);
  return [
    `job       ${job.job} (${job.type}) of session ${job.session}`,
    `state     ${stateText(job, paint)}`,
    `why       ${printable(job.why) || '–'}`,
    `waits for ${job.waitsFor.join(', ') || '–'}`,
    `possible  ${job.operations.join(', ') || '–'}`,
    ...(rows.length === 0
      ? []
      : ['', table(['NODE', 'STATE', 'ATTEMPT', 'VALUE', 'STARTED', 'ENDED', 'POSSIBLE', 'MESSAGE'], rows)]),
  ].join('\n');
}

/** As it was written; what would command the terminal is shown as text, line ends stay. */
const block = (text: string) => text.split('\n').map(printable).join('\n');

export function renderOutputs(
  { outputs }: JobRunDetail,
  which: { readonly node?: string | undefined; readonly stderr: boolean },
): string {
  const shown = outputs.filter(({ facility }) => which.node === undefined || facility === which.node);
  if (shown.length === 0) return 'nothing was written';
  return shown
    .map((output) => {
      const [text, bytes] = which.stderr ? [output.stderr, output.stderrBytes] : [output.stdout, output.stdoutBytes];
      return `== ${output.facility}, attempt ${output.attempt}, ${output.at}, ${bytes} bytes ==\n${block(text)}`;
    })
    .join('\n');
}

export function renderHistory(lines: JobHistory['lines']): string {
  const cells = lines.map((line) => [
    line.at,
    line.job === '' ? '–' : line.job,
    line.facility ?? '–',
    line.from === line.to ? (line.to ?? '–') : `${line.from ?? '–'} → ${line.to ?? '–'}`,
    line.by === null ? '–' : printable(line.by),
    printable(line.text),
  ]);
  return table(['AT', 'JOB', 'NODE', 'STATE', 'BY', 'WHAT'], cells);
}

export function renderPlan({ runs }: JobPlan): string {
  const cells = runs.map((run) => [
    run.at,
    `${local(run.at, run.timeZone)} ${run.timeZone}`,
    run.job === null ? run.unit : `${run.unit}/${run.job}`,
    run.trigger,
    run.session === null ? '–' : `${run.session} ${run.state ?? ''}`,
  ]);
  return table(['AT (UTC)', 'ON ITS CLOCK', 'UNIT', 'TRIGGER', 'SESSION'], cells);
}

const local = (at: string, timeZone: string) =>
  new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(new Date(at));

export function renderQueues({ queues, nodes }: JobQueues): string {
  const placeOf = ({ session, job, since }: QueuedJob) => `${session} ${job} since ${time(since)}`;
  const rows = queues.flatMap(({ queue, concurrency, capacity, running, waiting }) => [
    [queue, `${running.length} of ${concurrency ?? '?'} run`, `${waiting.length} of ${capacity ?? '?'} wait`, ''],
    ...running.map((each) => ['', 'runs', '', placeOf(each)]),
    ...waiting.map((each) => ['', '', 'waits', placeOf(each)]),
  ]);
  const atNodes = nodes.flatMap(({ facility, multiplicity, waiting }) => [
    [facility, `at most ${multiplicity ?? '?'} at once`, `${waiting.length} wait`, ''],
    ...waiting.map((each) => ['', '', 'waits', placeOf(each)]),
  ]);
  const all = [...rows, ...atNodes];
  return all.length === 0
    ? 'no queue is defined, and nobody waits for a node'
    : table(['QUEUE', 'RUNNING', 'WAITING', 'WHO'], all);
}

export function renderApprovals({ approvals, more }: JobApprovals): string {
  if (approvals.length === 0) return 'nothing waits for an answer';
  const cells = approvals.map(({ session, unit, job, sentence, role, user, since, mine }) => [
    session,
    `${unit}/${job}`,
    time(since),
    printable(user === null ? role : `${user} (${role})`),
    mine ? 'yes' : 'no',
    printable(sentence),
  ]);
  return `${table(['SESSION', 'JOB', 'SINCE', 'ASKED OF', 'YOU', 'SENTENCE'], cells)}${more ? '\n… and more' : ''}`;
}

export function renderLinks({ messages }: JobLinks): string {
  if (messages.length === 0) return 'nothing was said';
  const cells = messages.map(({ at, messageId, priority, message, values }) => [
    at,
    printable(messageId),
    priority,
    printable(message),
    printable(
      Object.entries(values)
        .map(([key, value]) => `${key}=${value}`)
        .join(' '),
    ),
  ]);
  return table(['AT', 'MESSAGE ID', 'PRIORITY', 'MESSAGE', 'VALUES'], cells);
}
