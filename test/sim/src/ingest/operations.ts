import { type NotificationSetting, resultId, type Sample } from '@yosugara/operations';
import type { NotificationOf } from '@yosugara/protocol';
import type { LineRules, MessageToStore } from '@yosugara/runtime';

const MONITOR = 'lines';
const FACILITY = 'n1';
const NOTIFICATION = 'events';

const textOf = (row: MessageToStore): string => Buffer.from(row.raw).toString('latin1');
/** One monitor looks at every line of the first device. */
export const isMatching = (row: MessageToStore): boolean => row.kind === 'syslog' && textOf(row).startsWith('<13>line ');

/** As docs/operations.md says, in words of its own: of what it came from, and nothing else. */
export const eventIdOf = ({ journalId, seq }: MessageToStore): string =>
  `${MONITOR}/${FACILITY}///${journalId}:${seq}/${NOTIFICATION}`;

const BODY = {
  ...{
    kind: 'event',
    calendar: null,
    initialCount: 1,
    renotify: { when: 'always' },
    firstDelay: false,
    verbose: false,
    acrossSubs: false,
  },
  priorities: { critical: { state: 'unconfirmed' } },
} as unknown as NotificationOf<'event'>;
const SETTING: NotificationSetting = { id: NOTIFICATION, description: '', enabled: true, body: BODY };

/** Every matching line is an event, and is counted in the monitor's memory. */
export const RULES: LineRules = {
  version: 1,
  samplesOf: (row) => (isMatching(row) ? [sampleOf(row)] : []),
  judge: ({ monitor, facility, item, origin, sender, atMs }, state) => ({
    state: { lines: linesOf(state) + 1 },
    results: [
      {
        ...{
          id: resultId(monitor, facility, item, '', origin),
          trigger: 'monitor',
          plugin: 'syslog',
          monitor,
          facility,
          sender,
          item,
        },
        // Each line has a key of its own: masses are no storm here.
        ...{ sub: origin, priority: 'critical', application: '', message: '', original: '', atMs, notifications: [NOTIFICATION] },
      },
    ],
    collected: [],
  }),
  notification: (id) => (id === NOTIFICATION ? SETTING : null),
  calendarOpen: () => true,
  suppressedBy: () => null,
  event: (told) => ({ told, state: 'unconfirmed', scope: '' }),
  status: (told) => ({ told, scope: '', expiresAtMs: null, expiresTo: null }),
  outbox: () => null,
};

export const linesOf = (state: unknown): number => (state as { readonly lines: number } | null)?.lines ?? 0;

function sampleOf(row: MessageToStore): Sample {
  return {
    ...{ origin: `${row.journalId}:${row.seq}`, monitor: MONITOR, facility: FACILITY, sender: null, item: '' },
    ...{ atMs: Math.floor(row.receivedAtUs / 1_000), value: { kind: 'text', text: textOf(row) } },
  };
}
