import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { invariant } from '@yosugara/kernel';

/**
 * File of one of our own child programs, such as `deadman/deadman-main.js`, for `process.execPath`.
 * Always the compiled one: when we run from source (tests), plain Node could not follow the imports.
 */
export function childProgram(name: string): string {
  const here = fileURLToPath(new URL('..', import.meta.url)).replace(/\/src\/$/, '/dist/');
  const path = `${here}${name}`;
  invariant(existsSync(path), `${path} is there: host-control was built`);
  return path;
}
