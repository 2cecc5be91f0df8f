import { InvalidInputError } from './errors.js';

/** Name of a cluster member as the configuration spells it (`a`, `b`, `w`). */
export type NodeId = string & { readonly __brand: 'NodeId' };

const NODE_ID = /^[a-z][a-z0-9_]{0,30}$/;

/** @throws InvalidInputError — not 1..31 of `a-z0-9_`, starting with a letter: it becomes part of a PostgreSQL application_name and slot name. */
export function nodeId(text: string): NodeId {
  if (!NODE_ID.test(text)) throw new InvalidInputError('node id', text, 'a lower-case letter, then up to 30 of a-z 0-9 _');
  return text as NodeId;
}

/** Ownership number; grows with every change of Master; every side effect carries it (fencing token). 0 = nobody ever owned. */
export type Epoch = number & { readonly __brand: 'Epoch' };
export const epoch = (value: number): Epoch => value as Epoch;
export const NO_EPOCH: Epoch = epoch(0);
