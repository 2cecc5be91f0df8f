import { InvalidInputError } from '@yosugara/kernel';
import { InventoryKindSchema } from '@yosugara/protocol';
import type { ChangePlace, FoundPlace, ItemPlace } from '@yosugara/store';
import { z } from 'zod';

const word = z.string().max(1_024);
const instant = z.iso.datetime();
const ITEM = z.tuple([InventoryKindSchema, word, instant]);
const CHANGE = z.tuple([instant, InventoryKindSchema, word]);
const FOUND = z.tuple([word, word, word, instant]);

const written = (parts: readonly string[]): string => Buffer.from(JSON.stringify(parts)).toString('base64url');
function read<T>(schema: z.ZodType<T>, text: string): T {
  try {
    return schema.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
  } catch {
    throw new InvalidInputError('after', text.slice(0, 100), 'the `next` of an earlier page');
  }
}

/** Where pages ended, as texts that mean nothing to others. Reading one throws InvalidInputError. */
export const itemCursor = {
  write: ({ kind, key, from }: ItemPlace): string => written([kind, key, from]),
  read: (text: string): ItemPlace => {
    const [kind, key, from] = read(ITEM, text);
    return { kind, key, from };
  },
};
export const changeCursor = {
  write: ({ at, kind, key }: ChangePlace): string => written([at, kind, key]),
  read: (text: string): ChangePlace => {
    const [at, kind, key] = read(CHANGE, text);
    return { at, kind, key };
  },
};
export const foundCursor = {
  write: ({ name, node, key, from }: FoundPlace): string => written([name, node, key, from]),
  read: (text: string): FoundPlace => {
    const [name, node, key, from] = read(FOUND, text);
    return { name, node, key, from };
  },
};
