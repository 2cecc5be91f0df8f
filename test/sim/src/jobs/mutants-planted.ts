import type { Mutant, Patch } from '../mutant-types.js';

export const planted = (
  name: string,
  why: string,
  within: number,
  ...patches: readonly (readonly [file: string, find: string, replace: string])[]
): Mutant => ({
  ...{ name, why, within },
  patches: patches.map(([file, find, replace]): Patch => ({ file, find, replace })),
});
