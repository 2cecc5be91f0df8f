import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const TSC = fileURLToPath(new URL('../../../node_modules/typescript-native/bin/tsc', import.meta.url));

/**
 * Programs that specs start run compiled, and never an older build. A run of the whole suite has just built everything: what others start is
 * not written again under them. The compiler is the one that builds the project: another one would take all that it wrote for stale.
 *
 * @param project folder of a tsconfig.json.
 */
export function compiled(project: string): void {
  if (process.env['YOSUGARA_BUILT'] === '1') return;
  execFileSync(process.execPath, [TSC, '-b', project], { stdio: 'pipe' });
}
