import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The same from `src` (specs) and from `dist` (the program): both lie one below the project's folder. */
export const asset = (name: string): string => fileURLToPath(new URL(`../../assets/${name}`, import.meta.url));

/** The workspace's root. */
export const WORKSPACE = fileURLToPath(new URL('../../../..', import.meta.url)).replace(/\/$/, '');

/** The Node that the product runs with: the bundled one where it is installed, else ours. */
export const NODE =
  [`${WORKSPACE}/node_modules/node-linux-${process.arch}/bin/node`].find((path) => existsSync(path)) ?? process.execPath;
