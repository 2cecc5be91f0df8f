// `npm run package`: Debian packages of what was built, by plain dpkg-deb. The result lies in dist-packages/, outside git.
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { bundledNode, findProgram, root } from './bring.mjs';
import { run } from './children.mjs';
import { refuse, say, seconds } from './say.mjs';

const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' };
/** Of Debian's own: state whose programs are in packages. */
const FROM = join(root, 'packaging');

/** What is not read when it runs. */
const LEFT_OUT =
  /(^|\/)(\.tsbuildinfo|tsconfig[^/]*\.json|.*\.(d\.ts|d\.mts|d\.cts|d\.ts\.map|spec\.js|spec\.js\.map|md|markdown))$|(^|\/)(testing|test|tests|\.github|docs|example|examples)(\/|$)/i;
const LICENCE = /(^|\/)(licen[cs]e|notice|copying)[^/]*$/i;

const PACKAGES = {
  yosugara: {
    apps: ['controller', 'receiver', 'manager', 'cli'],
    home: 'usr/lib/yosugara',
    files: {
      'yosugara.sh': ['usr/bin/yosugara', 0o755],
      'systemd/yosugara-controller.service': ['usr/lib/systemd/system/yosugara-controller.service'],
      'systemd/yosugara-receiver.service': ['usr/lib/systemd/system/yosugara-receiver.service'],
      'systemd/yosugara-forming.service': ['usr/lib/systemd/system/yosugara-forming.service'],
      'systemd/yosugara-backup.service': ['usr/lib/systemd/system/yosugara-backup.service'],
      'systemd/yosugara-backup.timer': ['usr/lib/systemd/system/yosugara-backup.timer'],
      'systemd/examples/keys-credential.conf': ['usr/share/doc/yosugara/examples/keys-credential.conf'],
      'yosugara.sysctl': ['usr/lib/sysctl.d/60-yosugara.conf'],
      'yosugara.tmpfiles': ['usr/lib/tmpfiles.d/yosugara.conf'],
      'yosugara.udev': ['usr/lib/udev/rules.d/60-yosugara.rules'],
      'yosugara.logrotate': ['etc/logrotate.d/yosugara'],
    },
    more: (stage) => {
      copyTree(join(root, 'apps/console/dist'), join(stage, 'usr/lib/yosugara/apps/console/dist'), () => true);
      // What `yosugara runbook` prints.
      for (const pages of ['docs/runbooks', 'docs/ja/runbooks'])
        copyTree(join(root, pages), join(stage, 'usr/lib/yosugara', pages), () => true);
      place(join(root, 'docs/error-codes.md'), join(stage, 'usr/lib/yosugara/docs/error-codes.md'), 0o644);
      withManual(stage);
    },
  },
  'yosugara-agent': {
    apps: ['agent'],
    home: 'usr/lib/yosugara-agent',
    files: {
      'yosugara-agent.sh': ['usr/bin/yosugara-agent', 0o755],
      '../apps/agent/systemd/yosugara-agent.service': ['usr/lib/systemd/system/yosugara-agent.service'],
    },
    more: () => undefined,
  },
};

/** @param args `--out DIR`, and names of packages; none: all. */
export async function buildPackages(args) {
  const startMs = performance.now();
  if (findProgram('dpkg-deb') === undefined) refuse('dpkg-deb is missing: packages are built on Debian or Ubuntu');
  const architecture = ARCHITECTURES[process.arch] ?? refuse(`there is no package for ${process.arch}`);
  const at = args.indexOf('--out');
  const out = at === -1 ? join(root, 'dist-packages') : args[at + 1];
  const named = args.filter((arg, index) => !arg.startsWith('--') && (at === -1 || index !== at + 1));
  // For dpkg what is behind a hyphen comes later, and what is behind a tilde earlier.
  const version = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version.replace('-', '~');
  mkdirSync(out, { recursive: true });
  for (const name of named.length === 0 ? Object.keys(PACKAGES) : named) {
    const recipe = PACKAGES[name] ?? refuse(`no package ${name}: one of ${Object.keys(PACKAGES).join(', ')}`);
    const file = join(out, `${name}_${version}_${architecture}.deb`);
    await buildOne(name, recipe, { version, architecture, file });
    say(`${file} (${(lstatSync(file).size / 1e6).toFixed(1)} MB)`);
  }
  say(`packages built in ${seconds(startMs)}`);
  return 0;
}

async function buildOne(name, recipe, { version, architecture, file }) {
  const stage = mkdtempSync(join(tmpdir(), 'yosugara-package-'));
  try {
    chmodSync(stage, 0o755);
    const home = join(stage, recipe.home);
    for (const path of pathsOf(recipe.apps)) copyProject(path, home);
    const node = bundledNode() ?? refuse('no Node is bundled for this machine: npm ci');
    place(node, join(home, 'bin/node'), 0o755);
    // Where the launchers look for it, too.
    copyFileSync(join(root, 'package.json'), join(home, 'package.json'));
    for (const [from, [to, mode = 0o644]] of Object.entries(recipe.files)) place(join(FROM, from), join(stage, to), mode);
    recipe.more(stage);
    documents(name, stage, version);
    writeControl(name, stage, { version, architecture });
    const partial = `${file}.partial`;
    const { code, stdout } = await run('dpkg-deb', ['--root-owner-group', '-Zzstd', '-z6', '--build', stage, partial], {
      quiet: true,
    });
    if (code !== 0) refuse(`dpkg-deb failed: ${stdout.trim().split('\n').at(-1)}`);
    renameSync(partial, file);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

// ---- what an application needs

const lock = () => JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;

/** Folders below the root that these applications need when they run: of ours and of others, as the lock file has them. */
export function pathsOf(apps, packages = lock()) {
  const found = new Set();
  const wanted = apps.map((app) => `apps/${app}`);
  for (let path = wanted.pop(); path !== undefined; path = wanted.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    const { dependencies = {}, optionalDependencies = {} } = packages[path] ?? {};
    for (const name of Object.keys(dependencies)) wanted.push(resolve(packages, path, name) ?? refuse(`${path} needs ${name}`));
    for (const name of Object.keys(optionalDependencies)) {
      const optional = resolve(packages, path, name);
      if (optional !== undefined && existsSync(join(root, optional))) wanted.push(optional);
    }
  }
  return [...found].sort();
}

/** As Node looks for it, from the folder upwards; a workspace is where its link leads. */
function resolve(packages, from, name) {
  for (let at = from; ; at = at.includes('/') ? dirname(at) : '') {
    const path = `${at === '' ? '' : `${at}/`}node_modules/${name}`;
    const entry = packages[path];
    if (entry !== undefined) return entry.link === true ? entry.resolved : path;
    if (at === '') return undefined;
  }
}

function copyProject(path, home) {
  const from = join(root, path);
  const isOurs = !path.includes('node_modules');
  if (isOurs) {
    if (!existsSync(join(from, 'dist'))) refuse(`${path} is not built`);
    place(join(from, 'package.json'), join(home, path, 'package.json'), 0o644);
    for (const part of ['dist', 'bin']) copyTree(join(from, part), join(home, path, part), keeps);
    if (path.startsWith('libs/')) linkProject(path, home);
    return;
  }
  // Packages below it that it needs are in the list by themselves.
  copyTree(from, join(home, path), (file) => !/(^|\/)node_modules(\/|$)/.test(file) && (keeps(file) || LICENCE.test(file)));
}

const keeps = (file) => !LEFT_OUT.test(file);

/** As npm links it: to a folder beside it. */
function linkProject(path, home) {
  const { name } = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'));
  const at = join(home, 'node_modules', name);
  mkdirSync(dirname(at), { recursive: true });
  symlinkSync(relative(dirname(at), join(home, path)), at);
}

function copyTree(from, to, isKept) {
  if (!existsSync(from)) return;
  cpSync(from, to, {
    recursive: true,
    dereference: false,
    filter: (source) => source === from || isKept(source.slice(from.length + 1)),
  });
}

function place(from, to, mode) {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  chmodSync(to, mode);
}

// ---- what Debian asks for

/** Man page and completions, once they are made. */
function withManual(stage) {
  const made = {
    'yosugara.1': 'usr/share/man/man1/yosugara.1',
    'yosugara.bash': 'usr/share/bash-completion/completions/yosugara',
    _yosugara: 'usr/share/zsh/vendor-completions/_yosugara',
    'yosugara.fish': 'usr/share/fish/vendor_completions.d/yosugara.fish',
  };
  for (const [name, to] of Object.entries(made)) {
    const from = [join(root, 'docs', 'man', name), join(root, 'apps/cli/completions', name), join(FROM, name)].find(existsSync);
    if (from !== undefined) place(from, join(stage, to), 0o644);
  }
}

function documents(name, stage, version) {
  const folder = join(stage, 'usr/share/doc', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'copyright'),
    `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nCopyright: the Yosugara authors\nLicense: Apache-2.0\n On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.\n Packages below node_modules have their own licences beside them.\n`,
  );
  const changes = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
  writeFileSync(join(folder, 'CHANGELOG.md'), `Version ${version}\n\n${changes}`);
}

function writeControl(name, stage, { version, architecture }) {
  const from = join(FROM, 'debian', name);
  const to = join(stage, 'DEBIAN');
  mkdirSync(to);
  for (const script of ['postinst', 'prerm', 'postrm']) place(join(from, script), join(to, script), 0o755);
  // What debconf asks.
  if (existsSync(join(from, 'templates'))) place(join(from, 'templates'), join(to, 'templates'), 0o644);
  const configuration = filesBelow(join(stage, 'etc')).map((file) => `/etc/${file}`);
  if (configuration.length > 0) writeFileSync(join(to, 'conffiles'), `${configuration.join('\n')}\n`);
  const kilobytes = Math.ceil(filesBelow(stage).reduce((sum, file) => sum + lstatSync(join(stage, file)).size, 0) / 1024);
  const control = readFileSync(join(from, 'control'), 'utf8');
  const filled = control.replace('@VERSION@', version).replace('@ARCHITECTURE@', architecture).replace('@SIZE@', `${kilobytes}`);
  writeFileSync(join(to, 'control'), filled);
  own(stage);
}

const filesBelow = (folder) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true }).filter((file) => !lstatSync(join(folder, file)).isDirectory())
    : [];

/** Nobody but root writes there, and everybody can read. */
function own(stage) {
  for (const file of readdirSync(stage, { recursive: true })) {
    const path = join(stage, file);
    const stat = lstatSync(path);
    if (stat.isSymbolicLink()) continue;
    const runs = stat.isDirectory() || (stat.mode & 0o111) !== 0;
    chmodSync(path, runs ? 0o755 : 0o644);
  }
}
