import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InvalidInputError, YosugaraError } from '@yosugara/kernel';
import { WORKSPACE } from '../host/assets.js';

/**
 * A bug on purpose: a patch to a production file (failover.md, ruling 17), which the hosts of this lab see in the file's
 * place. The lab must fail with it; a lab that does not is blind.
 */
interface Plant {
  readonly name: string;
  /** Below the workspace's root. */
  readonly file: string;
  readonly find: RegExp;
  readonly replace: string;
  readonly why: string;
}

export const PLANTS: readonly Plant[] = [
  {
    name: 'fsync-off',
    file: 'libs/host-control/dist/postgres/settings.js',
    find: /fsync: 'on'/,
    replace: "fsync: 'off'",
    why: 'PostgreSQL acknowledges what is not on its disk',
  },
];

export function plantNamed(name: string): Plant {
  const found = PLANTS.find((plant) => plant.name === name);
  if (found === undefined) throw new InvalidInputError('--plant', name, PLANTS.map((plant) => plant.name).join(', '));
  return found;
}

/** @returns path of the production file → path of its patched copy. @throws YosugaraError the patch does not apply: then it would prove nothing. */
export async function patched(plant: Plant, dir: string): Promise<readonly [string, string]> {
  const original = join(WORKSPACE, plant.file);
  const text = await readFile(original, 'utf8');
  const changed = text.replace(plant.find, plant.replace);
  if (changed === text)
    throw new YosugaraError('PLANT_DOES_NOT_APPLY', `${plant.name}: ${plant.file} has nothing like ${plant.find}`);
  await mkdir(dir, { recursive: true });
  const copy = join(dir, `${plant.name}-${basename(plant.file)}`);
  await writeFile(copy, changed);
  return [original, copy];
}
