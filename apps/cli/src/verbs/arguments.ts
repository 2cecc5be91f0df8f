import { userInfo } from 'node:os';
import { InvalidArgumentError } from 'commander';
import { parseSince } from '../commands/messages.js';

export const wholeNumber = (text: string): number => {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('a number above 0 is needed');
  return Number(text);
};

export const wholeSeconds = (text: string): number => {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('a whole number above 0 is needed');
  return Number(text);
};

export const anyNumber = (text: string): number => {
  if (!/^-?\d{1,10}$/.test(text)) throw new InvalidArgumentError('a whole number is needed');
  return Number(text);
};

/** Of an option that can be repeated. */
export const oneMore = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** For the audit: the person behind sudo, as far as the system knows one. */
export const whoAsks = (): string => (process.env['SUDO_USER'] ?? userInfo().username).slice(0, 80);

/** Of an option such as --since. @returns RFC 3339, UTC */
export const instantOf = (when: string | undefined, option: string): string | undefined =>
  when === undefined ? undefined : parseSince(when, Date.now(), option);
