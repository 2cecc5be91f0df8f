import type { NotificationTested, Priority } from '@yosugara/protocol';
import { tryOutNotification } from '@yosugara/protocol/api';
import type { ManagerApi } from '../control/manager-api.js';
import { printable } from '../output/terminal.js';

const DEADLINE_MS = 15_000;

export interface TestWish {
  readonly priority: Priority | null;
  readonly facility: string | null;
  readonly message: string | null;
  readonly withinS: number;
}

export const testNotification = async (api: ManagerApi, id: string, wish: TestWish, by: string): Promise<NotificationTested> =>
  await api.ask(tryOutNotification(id, { ...wish, by }), wish.withinS * 1_000 + DEADLINE_MS);

const SAID: Readonly<Record<NotificationTested['outcome'], string>> = {
  stored: 'it is stored',
  sent: 'the other side has taken it',
  again: 'it failed, and is tried again by itself',
  'given up': 'it was given up',
  'under way': 'nothing is known of it yet',
};

export const renderTested = ({ id, kind, priority, outcome, note }: NotificationTested): string =>
  `${kind}, ${priority}: ${SAID[outcome]}${note === null ? '' : `: ${printable(note)}`}\n${printable(id)}`;
