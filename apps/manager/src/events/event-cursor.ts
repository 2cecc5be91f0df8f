import { InvalidInputError } from '@yosugara/kernel';

const FORM = /^(\d{1,15})\.(\d{1,15})$/;

/** How far somebody who follows events has come: the number of the last one, and the last entry of their history. The same on both nodes. */
export interface EventCursor {
  readonly number: number;
  readonly history: number;
}

export const cursorText = ({ number, history }: EventCursor): string => `${number}.${history}`;

/** @throws InvalidInputError — not what `cursorText` made. */
export function parseCursor(text: string): EventCursor {
  const [, number, history] = FORM.exec(text) ?? [];
  if (number === undefined || history === undefined)
    throw new InvalidInputError('last-event-id', text.slice(0, 100), 'the `id` of an event of this stream');
  return { number: Number(number), history: Number(history) };
}
