import type { SeenEvent } from './seen-events.js';
import { bodyOf, type Watched } from './stand.js';

/** Of one monitor: what it looks at is there, is not there, is there again. */
export interface Seen {
  readonly watched: Watched;
  readonly version: string;
  readonly intervalS: number | null;
  readonly up: SeenEvent;
  readonly down: SeenEvent;
  readonly again: SeenEvent;
  /** When the lab began to end it, and to begin it again; ms since 1970. */
  readonly downMs: number;
  readonly againMs: number;
}

export interface PageFacts {
  readonly commit: string;
  readonly at: string;
  /** Mean of the last minute when it began, and processors. */
  readonly load: string;
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').trim();
const seconds = (ms: number): string => (ms / 1_000).toFixed(1);

/** How long a look may take, as the setting says. */
function waits(watched: Watched): string {
  if (watched.waits !== undefined) return watched.waits;
  const body = bodyOf(watched);
  const check: object = 'check' in body ? body.check : {};
  return 'timeoutMs' in check && typeof check.timeoutMs === 'number' ? `${check.timeoutMs / 1_000} s` : '–';
}

function rowOf(seen: Seen): string {
  const { watched, version, intervalS, up, down, again, downMs, againMs } = seen;
  const from = watched.package === '' ? 'this version' : `${watched.package} ${version}`;
  const said = ({ priority, message }: SeenEvent) => `${priority}: ${message}`;
  const after = (event: SeenEvent, ms: number) =>
    Date.parse(event.storedAt) < ms ? '–' : `${seconds(Date.parse(event.storedAt) - ms)} s`;
  const cells = [
    ...[watched.body.type, watched.id, watched.daemon, from, intervalS === null ? '–' : `${intervalS} s`, waits(watched)],
    ...[said(up), said(down), after(down, downMs), said(again), after(again, againMs)],
  ];
  return `| ${cells.map(cell).join(' | ')} |`;
}

function jsonOf({ watched, version, intervalS, up, down, again, downMs, againMs }: Seen): string {
  const iso = (ms: number) => new Date(ms).toISOString();
  const head = { type: watched.body.type, monitor: watched.id, counterpart: watched.daemon, package: watched.package, version };
  const lines = [
    ...[JSON.stringify({ ...head, intervalS }).slice(1, -1), `"up": ${JSON.stringify(up)}`],
    ...[`"endedAt": ${JSON.stringify(iso(downMs))}`, `"down": ${JSON.stringify(down)}`],
    ...[`"begunAgainAt": ${JSON.stringify(iso(againMs))}`, `"again": ${JSON.stringify(again)}`],
  ];
  return `  {\n${lines.map((line) => `    ${line}`).join(',\n')}\n  }`;
}

/** For docs/monitors-seen.md. */
export function seenPage(seen: readonly Seen[], { commit, at, load }: PageFacts): string {
  return `# What monitors saw

Made by \`npm run lab -- monitors\` at ${commit}, ${at}: programs of Debian on a host of their own, looked at by the Master of two nodes that both take in 500 messages a second meanwhile. Each was there, ended (or said that something is
wrong), and began again; the sentences are those of the events, which are below as JSON. *every* and *waits* are the monitor's interval and the deadline of one look; *after* is from the moment when the lab began to end the program, or to start it, until the event was in the database. Two cores with other work
(${load}): how quick it is stands in [benchmarks](benchmarks.md).

- Certificates are not looked at here (their specs do).
- \`agent-alive\` waits 15 s, for an agent may be restarting. \`correlation\` looks at two minutes, so its end comes when enough of them were otherwise. \`log-count\` is well by itself at the next look, when no line came.
- \`logger\` runs once for each node and stamps each of its lines: what \`log-count\` counts are two lines. \`process\` by SNMP may come a look or more later: snmpd has a list of processes that it makes anew only now and then.
- What has several items (networks, keys of a command) and could not be had at all is told without an item, and so is its end.
- **Not here: Windows.** \`windows-service\` and \`windows-event\` have the port through which an agent on Windows would serve them (\`libs/connectors/src/probes/windows.ts\`, \`apps/agent/src/tasks/windows-event.ts\`), and specs
  with a fake behind it (\`libs/connectors/src/probes/windows.spec.ts\`, \`apps/agent/src/tasks/tasks.spec.ts\`). No Windows was at hand, and there is no agent for it.

| type | monitor | counterpart | version | every | waits | up | down | after | up again | after |
|---|---|---|---|---|---|---|---|---|---|---|
${seen.map(rowOf).join('\n')}

\`\`\`json
[
${seen.map(jsonOf).join(',\n')}
]
\`\`\`
`;
}
