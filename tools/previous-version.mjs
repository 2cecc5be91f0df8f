// `node tools/previous-version.mjs`: which version an upgrade to this commit begins with, as `{ tag, commit, head }` in JSON. What lab U1 and a release take.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { previousOf } from './lib/versions.mjs';

const root = join(import.meta.dirname, '..');
const NAMED = join(root, 'test/lab/assets/previous-version');

/** Without a history, or with one that is cut short, there are no tags: then the named one counts. */
function git(...words) {
  const { status, stdout } = spawnSync('git', ['-C', root, ...words], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : '';
}

const head = git('rev-parse', 'HEAD');
const FORMAT = '%(refname:short) %(objectname) %(*objectname)';
const tags = git('tag', '--merged', 'HEAD', '--list', 'v*', `--format=${FORMAT}`)
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => {
    // An annotated tag is an object of its own, which names the commit.
    const [name, object, commit] = line.split(' ');
    return { name, commit: commit || object };
  });
process.stdout.write(`${JSON.stringify({ ...previousOf(tags, head, readFileSync(NAMED, 'utf8').trim()), head })}\n`);
