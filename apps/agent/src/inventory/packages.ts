import { execFile } from 'node:child_process';
import { YosugaraError } from '@yosugara/kernel';
import type { InventoryItem } from '@yosugara/protocol/inventory';
import { itemOf } from './item.js';

const DEADLINE_MS = 30_000;
const MOST_BYTES = 32 * 1_048_576;

class PackagesError extends YosugaraError {
  override readonly name = 'PackagesError';
  constructor(message: string, cause?: unknown) {
    super('PACKAGES', message, { cause });
  }
}

/** What is installed, as the package manager of this host says it. @throws PackagesError */
export async function readPackages(): Promise<readonly InventoryItem[]> {
  const dpkg = await said('dpkg-query', [
    '-W',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query fills it in.
    '-f=${Package}\\t${Version}\\t${Architecture}\\t${Maintainer}\\t${db:Status-Abbrev}\\n',
  ]);
  // A host of the other family may have the program, with nothing in its database.
  const debian = dpkg === null ? [] : debianPackages(dpkg);
  if (debian.length > 0) return debian;
  const rpm = await said('rpm', [
    '-qa',
    '--qf',
    '%{NAME}\\t%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\\t%{ARCH}\\t%{VENDOR}\\n',
  ]);
  if (dpkg === null && rpm === null) throw new PackagesError('there is neither dpkg-query nor rpm');
  return rpm === null ? debian : rpmPackages(rpm);
}

export const debianPackages = (text: string): readonly InventoryItem[] =>
  linesOf(text).flatMap(([name = '', version, architecture = '', vendor, status = '']) =>
    // Removed, with its configuration left, or half installed: it is not there.
    name === '' || status[1] !== 'i'
      ? []
      : [itemOf('package', `${name}:${architecture}`, name, { version, architecture, vendor, by: 'dpkg' })],
  );

/** Several versions of one package, such as kernels, are there beside each other. */
export function rpmPackages(text: string): readonly InventoryItem[] {
  const lines = linesOf(text).filter(([name]) => name !== '');
  const counts = new Map<string, number>();
  const keyOf = ([name, , architecture]: readonly string[]) => `${name}:${architecture ?? ''}`;
  for (const line of lines) counts.set(keyOf(line), (counts.get(keyOf(line)) ?? 0) + 1);
  return lines.map((line) => {
    const [name = '', version = '', architecture, vendor] = line.map((word) => (word === '(none)' ? '' : word));
    const key = keyOf(line);
    return itemOf('package', counts.get(key) === 1 ? key : `${key}:${version}`, name, {
      version,
      architecture,
      vendor,
      by: 'rpm',
    });
  });
}

const linesOf = (text: string): readonly (readonly string[])[] => text.split('\n').map((line) => line.split('\t'));

/** null = there is no such program. */
async function said(program: string, words: readonly string[]): Promise<string | null> {
  return await new Promise((resolve, reject) => {
    const how = {
      timeout: DEADLINE_MS,
      killSignal: 'SIGKILL',
      maxBuffer: MOST_BYTES,
      cwd: '/',
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    } as const;
    execFile(program, [...words], how, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      if (error.code === 'ENOENT') return resolve(null);
      const last = stderr.trim().split('\n').at(-1) ?? '';
      const why = error.killed === true ? `did not end within ${DEADLINE_MS / 1_000} s` : last === '' ? error.message : last;
      reject(new PackagesError(`${program}: ${why}`, error));
    });
  });
}
