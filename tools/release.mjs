// `npm run release -- VERSION [--next VERSION] [--sign] [--dry-run]`: a release of what is committed here (CONTRIBUTING.md, "Versions and releases").
// Looks whether there can be one, lets `npm test` say that it is green, then makes the commit, its tag, and the commit with which the next version begins.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastCount } from './lib/counts.mjs';
import { changesOf, released, versionAfter, whyNot } from './lib/versions.mjs';

const root = join(import.meta.dirname, '..');
const read = (file) => readFileSync(join(root, file), 'utf8');
const write = (file, text) => writeFileSync(join(root, file), text);
const say = (line) => process.stderr.write(`${line}\n`);
const FILES = ['package.json', 'package-lock.json', 'CHANGELOG.md', 'test/lab/assets/previous-version'];

function end(lines, code) {
  for (const line of lines) say(line);
  process.exit(code);
}
function git(words, input) {
  const { status, stdout, stderr } = spawnSync('git', words, { cwd: root, encoding: 'utf8', input });
  if (status !== 0) end([`git ${words[0]} ended with ${status}: ${stderr.trim()}`], 1);
  return stdout;
}

const args = process.argv.slice(2);
const at = args.indexOf('--next');
const wanted = args.find((arg, index) => !arg.startsWith('--') && (at === -1 || index !== at + 1)) ?? '';
const next = at === -1 ? versionAfter(wanted) : (args[at + 1] ?? '');

/** The word of the tests themselves: their last line, and that they ended well. */
function testsAreGreen() {
  say('npm test: some twenty minutes');
  const kept = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1024 ** 3 };
  const { status, stdout } = spawnSync('npm', ['test'], { cwd: root, ...kept });
  const count = lastCount(stdout);
  if (status !== 0 || count === null || count.failed > 0 || count.passed === 0)
    end([`no release: npm test ended with ${status}, ${count === null ? 'and counted nothing' : `${count.failed} failed`}`], 1);
  say(`npm test: ${count.passed} passed, none failed`);
}

function setVersion(version) {
  const json = JSON.parse(read('package.json'));
  const was = `"version": "${json.version}"`;
  write('package.json', read('package.json').replace(was, `"version": "${version}"`));
  // The workspace's own entries come first in the lock file: its head, and the package "".
  const lock = read('package-lock.json').replace(was, `"version": "${version}"`);
  write('package-lock.json', lock.replace(was, `"version": "${version}"`));
}
const commit = (message) => git(['commit', '--quiet', '--message', message, '--', ...FILES]);

const why = whyNot({
  wanted,
  next,
  current: JSON.parse(read('package.json')).version,
  status: git(['status', '--porcelain']),
  tags: git(['tag', '--list']).split('\n'),
  changelog: read('CHANGELOG.md'),
});
if (why.length > 0) end([`no release ${wanted}:`, ...why.map((line) => `  ${line}`)], 1);
if (args.includes('--dry-run')) end([`${wanted} could be released: v${wanted}, then ${next}-dev. The tests were not run.`], 0);
testsAreGreen();

const { commit: before } = JSON.parse(
  spawnSync(process.execPath, ['tools/previous-version.mjs'], { cwd: root, encoding: 'utf8' }).stdout,
);
setVersion(wanted);
write('test/lab/assets/previous-version', `${before}\n`);
write('CHANGELOG.md', released(read('CHANGELOG.md'), wanted, new Date().toISOString().slice(0, 10)));
commit(`Release ${wanted}`);
// Headings of the list of changes begin with what git takes for a comment.
const message = `Yosugara ${wanted}\n\n${changesOf(read('CHANGELOG.md'), wanted)}\n`;
git(['tag', args.includes('--sign') ? '--sign' : '--annotate', '--cleanup=whitespace', '--file=-', `v${wanted}`], message);
setVersion(`${next}-dev`);
// Where a clone comes without tags.
write('test/lab/assets/previous-version', git(['rev-parse', 'HEAD']));
commit(`${next} begins`);
end([`v${wanted} is tagged and ${next}-dev begun. To publish: git push --atomic origin HEAD v${wanted}`], 0);
