import { YosugaraError } from '@yosugara/kernel';
import type { Sample } from '@yosugara/operations';
import { isPolled, type MonitorBody, PRIORITIES, type Priority } from '@yosugara/protocol';
import type { Probe, SettingsRules, SettingsSnapshot } from '@yosugara/runtime';

export interface MonitorOnceParts {
  readonly snapshot: SettingsSnapshot;
  readonly rules: Pick<SettingsRules, 'judgeOnce'>;
  readonly probes: () => readonly Probe[];
  readonly wallMs: () => number;
}

/** One look of a monitor at a node, for a job: what it would say of it, as if it had never looked before. @throws YosugaraError */
export async function monitorOnce(
  { snapshot, rules, probes, wallMs }: MonitorOnceParts,
  monitor: string,
  facility: string,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<{ readonly priority: Priority; readonly message: string }> {
  const body = snapshot.get('monitor', monitor)?.body as MonitorBody | undefined;
  if (body === undefined) throw new YosugaraError('NO_MONITOR', `there is no monitor ${monitor}`);
  const probe = isPolled(body) ? probes().find(({ types }) => types.includes(body.type)) : undefined;
  if (probe === undefined || !isPolled(body))
    throw new YosugaraError(
      'NO_MONITOR',
      `the monitor ${monitor} (${body.type}) is not one that looks by itself: a job cannot run it`,
    );
  const dueAtMs = wallMs();
  const node = snapshot.nodes.get(facility)?.body ?? null;
  const answers = await probe.run({ monitor, type: body.type, check: body.check, facility, node, dueAtMs }, deadlineMs, signal);
  const results = answers.flatMap(({ item, value }) => {
    const sample: Sample = { origin: String(dueAtMs), monitor, facility, sender: null, item, atMs: wallMs(), value };
    return rules.judgeOnce(sample)?.results ?? [];
  });
  // The worst of its items; nothing at all is what nobody can judge.
  const worst = results.toSorted((one, two) => PRIORITIES.indexOf(one.priority) - PRIORITIES.indexOf(two.priority))[0];
  return worst === undefined
    ? { priority: 'unknown', message: `The monitor ${monitor} had nothing to say of ${facility}.` }
    : { priority: worst.priority, message: worst.message };
}
