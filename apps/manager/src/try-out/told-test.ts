import type { NotificationSetting, Result } from '@yosugara/operations';
import { type NotificationKind, PRIORITIES, type Priority } from '@yosugara/protocol';
import { INTERNAL_NOTIFICATION } from '@yosugara/runtime';
import { ApiRefusal } from '../http/errors.js';

export const TEST = 'TEST';

/** What a test of them would begin, and why it does not. */
const REFUSED: Partial<Record<NotificationKind, string>> = {
  job: 'a test of it would begin its job: begin that by hand',
  escalation: 'a test of it would go on until somebody confirms: test the notifications of its steps',
};

/** @param wanted null: the worst of those that it tells. @throws ApiRefusal */
export function priorityOfTest({ id, body }: NotificationSetting, wanted: Priority | null): Priority {
  const why = REFUSED[body.kind];
  if (why !== undefined) throw new ApiRefusal(409, 'REFUSED', `${id} is of the kind ${body.kind}: ${why}`);
  const told = PRIORITIES.filter((priority) => body.priorities[priority] !== undefined);
  const priority = wanted ?? told[0];
  if (priority === undefined) throw new ApiRefusal(409, 'REFUSED', `${id} tells nobody of any priority`);
  if (!told.includes(priority))
    throw new ApiRefusal(409, 'REFUSED', `${id} tells nobody of ${priority}, only of ${told.join(', ')}`, 'priority');
  return priority;
}

/** What somebody who tries a notification out has it tell. It says itself that it is nothing else. */
export const resultOfTest = (
  notification: string,
  key: string,
  about: { readonly priority: Priority; readonly facility: string | null; readonly message: string | null },
  by: string,
  atMs: number,
): Result => ({
  ...{ id: [TEST, notification, key].map(encodeURIComponent).join('/'), trigger: 'test', plugin: 'test', monitor: TEST },
  ...{ facility: about.facility ?? INTERNAL_NOTIFICATION, sender: null, item: notification, sub: '', priority: about.priority },
  ...{ application: 'yosugara', atMs, notifications: [notification] },
  message: about.message ?? `This is a test of the notification ${notification}, asked for by ${by}. Nothing has happened.`,
  original: `A test of the notification ${notification}, asked for by ${by}.`,
});
