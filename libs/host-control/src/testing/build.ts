import { fileURLToPath } from 'node:url';
import { compiled } from '@yosugara/testkit';

/** The child programs run compiled: specifications call this first, so that they never test an older build. */
export const buildChildPrograms = (): void => compiled(fileURLToPath(new URL('../..', import.meta.url)));
