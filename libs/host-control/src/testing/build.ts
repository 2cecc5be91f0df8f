import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The child programs run compiled: specifications call this first, so that they never test an older build. */
export function buildChildPrograms(): void {
  const project = fileURLToPath(new URL('../..', import.meta.url));
  const tsc = fileURLToPath(new URL('../../../../node_modules/typescript/bin/tsc', import.meta.url));
  execFileSync(process.execPath, [tsc, '-b', project], { stdio: 'pipe' });
}
