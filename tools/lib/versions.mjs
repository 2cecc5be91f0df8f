// Versions, tags and the list of changes: what a release decides. Nothing here runs anything.

const TAG = /^v(\d+)\.(\d+)\.(\d+)$/;
const DEV = /^(\d+\.\d+\.\d+)-dev$/;
const EMPTY = '## [Unreleased]\n';

const numbersOf = (version) => version.split('.').map(Number);

/** As Semantic Versioning orders them; both without anything behind the three numbers. */
export function compareVersions(one, other) {
  const [left, right] = [numbersOf(one), numbersOf(other)];
  const at = left.findIndex((number, index) => number !== right[index]);
  return at === -1 ? 0 : left[at] - right[at];
}

/** The version after this one, unless somebody says another. */
export function versionAfter(version) {
  const [major, minor] = numbersOf(version);
  return `${major}.${minor + 1}.0`;
}

/**
 * The version that an upgrade to HEAD begins with: the highest release that HEAD comes from, and not HEAD itself.
 * @param tags `{ name, commit }`, those that are ancestors of HEAD. Only `v1.2.3` is a release.
 * @param named a commit, for as long as there is no such tag.
 * @returns `{ tag, commit }`, tag null when it is the named one.
 */
export function previousOf(tags, head, named) {
  const releases = tags.filter(({ name, commit }) => TAG.test(name) && commit !== head);
  const newest = releases.sort((one, other) => compareVersions(other.name.slice(1), one.name.slice(1)))[0];
  return newest === undefined ? { tag: null, commit: named } : { tag: newest.name, commit: newest.commit };
}

/** From the heading to the next one of the same rank, without the heading. */
function sectionOf(changelog, heading) {
  const from = changelog.indexOf(heading);
  if (from === -1) return undefined;
  const begins = changelog.indexOf('\n', from + 1) + 1;
  const next = changelog.indexOf('\n## ', begins - 1);
  return changelog.slice(begins, next === -1 ? undefined : next + 1);
}

/** What is new in it. @returns undefined: the list of changes does not have that version. */
export const changesOf = (changelog, version) => sectionOf(changelog, `\n## [${version}]`)?.trim();

/** What was not released gets the version and the day, and an empty place for what comes next stands before it. */
export function released(changelog, version, day) {
  return changelog.replace(EMPTY, () => `${EMPTY}\n## [${version}] - ${day}\n`);
}

/**
 * Why there can be no such release now.
 * @param seen `{ wanted, next, current, status, tags, changelog }`: `current` stands in package.json, `status` is what git says of the work tree,
 *   `tags` are the names of all there are.
 * @returns one sentence for each reason; none: it can be.
 */
export function whyNot({ wanted, next, current, status, tags, changelog }) {
  if (!TAG.test(`v${wanted}`)) return [`${JSON.stringify(wanted)} is no version: three numbers, as 0.2.0`];
  const why = [];
  if (status.trim() !== '') why.push(`the work tree has changes: ${status.trim().split('\n')[0].trim()}`);
  if (DEV.exec(current)?.[1] !== wanted) why.push(`package.json has ${current}, not ${wanted}-dev`);
  const last = tags
    .filter((name) => TAG.test(name))
    .map((name) => name.slice(1))
    .sort(compareVersions)
    .at(-1);
  if (last !== undefined && compareVersions(wanted, last) <= 0)
    why.push(`${wanted} does not come after v${last}, which is tagged`);
  if (!TAG.test(`v${next}`) || compareVersions(next, wanted) <= 0)
    why.push(`the next version, ${next}, does not come after ${wanted}`);
  if (changesOf(changelog, wanted) !== undefined) why.push(`CHANGELOG.md has a section ${wanted} already`);
  const news = changesOf(changelog, 'Unreleased');
  if (news === undefined) why.push('CHANGELOG.md has no section Unreleased');
  else if (!/^- /m.test(news)) why.push('nothing is told under Unreleased in CHANGELOG.md');
  return why;
}
