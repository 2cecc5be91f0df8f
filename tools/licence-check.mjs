// Every package of the lock must carry a licence that Apache-2.0 software may be shipped or built with.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** MPL-2.0: lightningcss at build time and axe-core in tests, both unchanged. PostgreSQL: permissive. CC-BY and Python-2.0: data and argparse. */
const ALLOWED =
  'MIT MIT-0 ISC Apache-2.0 BSD-2-Clause BSD-3-Clause 0BSD BlueOak-1.0.0 CC0-1.0 CC-BY-3.0 CC-BY-4.0 Unlicense Zlib Python-2.0 MPL-2.0 PostgreSQL WTFPL'.split(
    ' ',
  );
/** Packages whose lock entry lacks the field, and what their own files say. */
const KNOWN = {
  ssh2: 'MIT',
  'cpu-features': 'MIT',
  buildcheck: 'MIT',
  streamsearch: 'MIT',
  busboy: 'MIT',
  'syslog-server': 'MIT',
};

/** An SPDX expression is fine when one side of each OR, and every side of an AND, is allowed. */
export function isAllowed(expression) {
  const sides = expression.replace(/[()]/g, '').split(/ OR /i);
  return sides.some((side) => side.split(/ AND /i).every((one) => ALLOWED.includes(one.trim())));
}

export function licenceProblems(lock) {
  return Object.entries(lock.packages)
    .filter(([path, entry]) => path.includes('node_modules/') && entry.link !== true)
    .map(([path, entry]) => {
      const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
      return { name, licence: entry.license ?? KNOWN[name] ?? 'no licence named' };
    })
    .filter(({ licence }) => !isAllowed(licence))
    .map(({ name, licence }) => `${name}: ${licence}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lock = JSON.parse(readFileSync(join(dirname(fileURLToPath(import.meta.url)), '..', 'package-lock.json'), 'utf8'));
  const problems = licenceProblems(lock);
  for (const problem of problems) console.log(problem);
  process.exit(problems.length === 0 ? 0 : 1);
}
