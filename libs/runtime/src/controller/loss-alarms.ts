import type { Alarm, AlarmCode, ManagerReport, ReceiverReport } from '@yosugara/protocol';

/** More sources than these are told in one sentence. */
const MOST_SOURCES = 3;

/** Loss that shows in counts only: somebody must be told while it goes on (docs/visible-loss.md). */
export function lossAlarms(node: string, receiver: ReceiverReport | null, manager: ManagerReport | null): Alarm[] {
  const alarms: Alarm[] = [];
  const say = (code: AlarmCode, text: string) => alarms.push({ level: 'yellow', code, text });
  const lately = receiver?.lately;
  if (lately !== undefined && lately.kernelDrops > 0)
    say(
      'KERNEL_DROPS',
      `the kernel of ${node} dropped ${lately.kernelDrops} datagrams in the last ${minutes(lately.seconds)}: the buffers of its sockets were full; is net.core.rmem_max large enough, and does the receiver get its processor time?`,
    );
  if (lately !== undefined && lately.limited > 0)
    say(
      'SOURCE_LIMITED',
      `${node} refused ${lately.limited} times in the last ${minutes(lately.seconds)} what was above a limit, most of it of ${lately.limitedMost ?? 'several sources'}`,
    );
  for (const { source, missingAt, lost, messages } of manager?.oneSided?.slice(0, MOST_SOURCES) ?? [])
    say(
      'ONE_SIDED',
      `of ${messages} messages of ${source}, which sends to both nodes, ${lost} (${percent(lost / messages)}) did not reach ${missingAt}: look at the way from there to ${missingAt}`,
    );
  const more = (manager?.oneSided?.length ?? 0) - MOST_SOURCES;
  if (more > 0) say('ONE_SIDED', `so it is with ${more} more sources: \`yosugara ingest status\` shows them`);
  return alarms;
}

const minutes = (seconds: number): string => `${Math.round(seconds / 60)} minutes`;
const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
