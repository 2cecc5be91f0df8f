import { PRIORITIES, type Priority } from '@yosugara/protocol';

/** As numbers in the database: the worst is the least. */
export const priorityOf = (number: number): Priority => PRIORITIES[number] ?? 'unknown';
export const numberOf = (priority: Priority): number => PRIORITIES.indexOf(priority);
