import type { Pattern, PatternPort, PatternSpec, SampleValue } from '@yosugara/operations';
import { MonitorBodySchema, type MonitorType, type NodeBody, NodeBodySchema } from '@yosugara/protocol';
import type { Probe, ProbeAnswer, ProbeMemory } from '@yosugara/runtime';

const NUMERIC = { info: [0, 1], warning: [0, 1] };
const HAS_NUMERIC: readonly string[] = ['snmp-numeric', 'resource', 'sql-numeric', 'jmx'];

export const node = (facts: object = {}): NodeBody =>
  NodeBodySchema.parse({ name: 'the node', addresses: ['127.0.0.1'], ...facts });

export interface Asked {
  readonly node?: NodeBody | null;
  readonly monitor?: string;
  readonly memory?: ProbeMemory;
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

/** As the loop asks it, with what the monitor's schema makes of `check`. */
export async function ask(
  probes: readonly Probe[],
  type: MonitorType,
  check: object,
  asked: Asked = {},
): Promise<readonly ProbeAnswer[]> {
  const numeric = HAS_NUMERIC.includes(type) ? { numeric: NUMERIC } : {};
  const body = MonitorBodySchema.parse({ type, facility: 'n1', check, ...numeric });
  const probe = probes.find(({ types }) => types.includes(type))!;
  return await probe.run(
    {
      ...{ monitor: asked.monitor ?? 'm1', type, check: body.check, facility: 'n1', dueAtMs: 0 },
      node: asked.node === undefined ? node() : asked.node,
      ...(asked.memory === undefined ? {} : { memory: asked.memory }),
    },
    asked.deadlineMs ?? 20_000,
    asked.signal ?? new AbortController().signal,
  );
}

/** Of a monitor with one value. */
export async function askOne(...args: Parameters<typeof ask>): Promise<SampleValue> {
  const answers = await ask(...args);
  if (answers.length !== 1) throw new Error(`${answers.length} answers: ${JSON.stringify(answers)}`);
  return answers[0]!.value;
}

export async function whyOf(...args: Parameters<typeof ask>): Promise<string> {
  const value = await askOne(...args);
  return value.kind === 'failure' ? value.why : `no failure: ${JSON.stringify(value)}`;
}

/** Sockets, processes, timers of this process that are open, by kind and number. */
export function openThings(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  // Test runner's own: they come and go.
  for (const kind of process.getActiveResourcesInfo())
    if (!/^(Timeout|Immediate|PipeWrap|MessagePort|TTYWrap|FSReq|CloseReq|.*ReqWrap|FSEvent.*|SIGNALWRAP|SignalWrap)/i.test(kind))
      counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** What is open now and was not then, by kind; what has closed meanwhile does not count. */
export function newlyOpen(before: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(openThings()).flatMap(([kind, count]) => (count > (before[kind] ?? 0) ? [`${kind}: ${count}`] : []));
}

/** JavaScript's own engine in RE2's place: what these specs ask it is harmless. */
export const PATTERNS: PatternPort = {
  compile: (specs) => {
    const all = specs.map(compiled);
    return {
      match: (text) => all.flatMap((one, at) => (one.test(text) ? [at] : [])),
      at: (index) => all[index]!,
      problems: [],
    };
  },
};

function compiled({ pattern, mode, caseSensitive }: PatternSpec): Pattern {
  const source =
    mode === 'whole' ? `^(?:${pattern})$` : mode === 'contains' ? pattern.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&') : pattern;
  const regex = new RegExp(source, caseSensitive ? 's' : 'si');
  return {
    test: (text) => regex.test(text),
    groups: (text) => {
      const found = regex.exec(text);
      if (found === null) return null;
      return { ...found.groups, ...Object.fromEntries(found.slice(1).map((group, at) => [String(at + 1), group ?? ''])) };
    },
  };
}
