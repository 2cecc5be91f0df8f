import { spawnSync } from 'node:child_process';
import { programOf, describe as treeOf } from '@yosugara/cli';
import { NodeConfigSchema, parseSetting } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { allPages, at, type Block, blocksOf } from './blocks.js';
import { type ParseOurs, wrongWith } from './check-commands.js';
import { commandsOf } from './commands.js';
import { WHOLE_CONFIG, within, yamlKindOf } from './data.js';
import { inlineCommands, wrongInline } from './inline.js';
import { REASONS } from './known.js';

const SHELL = new Set(['sh', 'bash']);
const DRAWINGS = /^(flowchart|sequenceDiagram|stateDiagram-v2|gantt|timeline|graph)\b/;
/** Written from the verbs themselves, and checked there (apps/cli/src/help). */
const GENERATED = new Set(['docs/cli.md']);

const terminal = { out: () => undefined, note: () => undefined, color: false, live: false, columns: 100 };
const around = { terminal, env: {}, cwd: '/', stop: new AbortController().signal };
const tree = treeOf(programOf(around).program);

/** The program itself reads the words, and does nothing. */
const parseOurs: ParseOurs = async (args) => {
  const notes: string[] = [];
  const { program } = programOf({ ...around, terminal: { ...terminal, note: (text: string) => void notes.push(text) } }, true);
  await program.parseAsync([...args], { from: 'user' }).catch(() => undefined);
  return notes.length === 0 ? null : notes.join(' ').split('\n')[0]!;
};

const pages = allPages();
const blocks = pages.flatMap((page) => page.blocks);
/** A block without a language whose lines begin with one of our programs is one of commands. */
const isShell = ({ language, text }: Block): boolean =>
  SHELL.has(language) ||
  (language === '' && /^(npx |npm |node test\/|node apps\/|yosugara |yosugara-agent |openssl )/m.test(text));
const shells = blocks.filter((block) => isShell(block) && !GENERATED.has(block.file));
const named = <T extends Block>(some: readonly T[]) => some.map((block) => [at(block), block] as const);

describe('every block of commands', () => {
  it.each(named(shells))('%s names programs, verbs and options that there are', async (_, block) => {
    const wrong: string[] = [];
    for (const { words, line } of commandsOf(block.text)) {
      const why = await wrongWith(words, parseOurs);
      if (why !== null) wrong.push(`${block.file}:${block.line + line}: ${words.join(' ')}: ${why}`);
    }
    expect(wrong).toEqual([]);
  });
  it('is shell, as bash reads it', () => {
    const wrong = shells
      // A page says what is to be filled in with …, or in <…>; a line may be followed by what it does.
      .filter(({ language, text }) => SHELL.has(language) && !/<[a-z ]+>/.test(text))
      .flatMap((block) => {
        const { status, stderr } = spawnSync('bash', ['-n'], { input: block.text, encoding: 'utf8' });
        return status === 0 ? [] : [`${at(block)}: ${stderr.trim()}`];
      });
    expect(wrong).toEqual([]);
  });
  it('is run, or says why it is only read', () => {
    const strange = shells.filter(({ tags }) => tags[0] !== undefined && tags[0] !== 'run' && REASONS[tags[0]] === undefined);
    expect(strange.map(at)).toEqual([]);
    const counts = new Map<string, number>();
    for (const { tags } of shells) counts.set(tags[0] ?? '', (counts.get(tags[0] ?? '') ?? 0) + 1);
    const read = [...counts].filter(([tag]) => tag !== 'run').map(([tag, count]) => `${count} (${REASONS[tag]})`);
    // What `npm run docs` runs, this spec only reads.
    console.log(`command blocks: ${counts.get('run') ?? 0} are run by npm run docs; read only: ${read.join(', ')}`);
  });
  it('is a block of shell: no text hides a command of ours', () => {
    const texts = blocks.filter(({ file, language }) => language === 'text' && !GENERATED.has(file));
    expect(texts.filter(({ text }) => /^\$? ?(npx )?yosugara /m.test(text)).map(at)).toEqual([]);
  });
});

describe('what is said between backquotes', () => {
  it.each(pages.filter(({ file }) => !GENERATED.has(file)).map((page) => [page.file, page.text] as const))(
    'in %s names verbs and options that there are',
    (_, text) => {
      const wrong = inlineCommands(text).flatMap((command) => {
        const why = wrongInline(command, tree);
        return why === null ? [] : [`${command}: ${why}`];
      });
      expect(wrong).toEqual([]);
    },
  );
});

const CONFIG_KEYS: ReadonlySet<string> = new Set(Object.keys(NodeConfigSchema.shape));
const yamls = blocks.filter(({ language }) => language === 'yaml');

describe('every block of YAML', () => {
  it.each(named(yamls))('%s is what the schema of its kind allows', (_, block) => {
    for (const document of parseAllDocuments(block.text)) {
      expect(document.errors).toEqual([]);
      const data: unknown = document.toJS();
      const kind = yamlKindOf(block, data, CONFIG_KEYS);
      expect(kind, 'of which kind it is: settings, config, cluster or foreign, as the second word of the fence').not.toBeNull();
      if (kind === 'settings') expect(parseSetting(data)).toMatchObject({ ok: true });
      if (kind === 'config') expect(NodeConfigSchema.safeParse(within(WHOLE_CONFIG, data)).error?.issues ?? []).toEqual([]);
      if (kind === 'cluster')
        expect(NodeConfigSchema.safeParse(within(WHOLE_CONFIG, { cluster: byId(data) })).error?.issues ?? []).toEqual([]);
    }
  });
});

/** `init --cluster-file` takes members by name. */
function byId(cluster: unknown): unknown {
  const members = (cluster as { readonly members?: unknown }).members;
  if (members === undefined || Array.isArray(members)) return cluster;
  return {
    ...(cluster as object),
    members: Object.entries(members as object).map(([id, more]) => ({ id, ...(more as object) })),
  };
}

describe('every block of another kind', () => {
  it.each(named(blocks.filter(({ language }) => language === 'json')))('%s is JSON', (_, { text }) => {
    expect(() => JSON.parse(text) as unknown).not.toThrow();
  });
  it.each(named(blocks.filter(({ language }) => language === 'mermaid')))('%s is a drawing', (_, { text }) => {
    expect(text).toMatch(DRAWINGS);
  });
  it('is of a language that is looked at', () => {
    const known = new Set([
      '',
      'sh',
      'bash',
      'text',
      'yaml',
      'json',
      'mermaid',
      'ts',
      'sql',
      'hcl',
      'ini',
      'toml',
      'diff',
      'xml',
      'conf',
    ]);
    expect(blocks.filter(({ language }) => !known.has(language)).map((block) => `${at(block)}: ${block.language}`)).toEqual([]);
  });
});

describe('the reader of blocks', () => {
  it('finds them in lists, too, and says where they begin', () => {
    const text = ['1. first', '', '   ```sh node', '   yosugara status', '   ```', '', '```', 'plain', '```'].join('\n');
    expect(blocksOf('page.md', text)).toEqual([
      { file: 'page.md', line: 4, language: 'sh', tags: ['node'], text: 'yosugara status' },
      { file: 'page.md', line: 8, language: '', tags: [], text: 'plain' },
    ]);
    expect(() => blocksOf('page.md', '```sh\nls')).toThrow('page.md:1: a block begins and does not end');
  });
  it('takes a line of shell apart as a shell would', () => {
    const words = (text: string) => commandsOf(text).map((command) => command.words);
    expect(words('a \'b c\' | d --e="f g" && g # h')).toEqual([['a', 'b c'], ['d', '--e=f g'], ['g']]);
    expect(words('X=1 Y="2 3" run \\\n  more > out 2>&1')).toEqual([['run', 'more']]);
    expect(words('kill -9 $(cat a | cut -f1)\n# nothing\nexport A=$(b)')).toEqual([['kill', '-9', '$(cat a | cut -f1)']]);
    expect(words('if ! a; then b; fi')).toEqual([['a'], ['b']]);
  });
  it.each([
    ['yosugara statsu', true],
    ['yosugara status', false],
    ['yosugara recover --dry', true],
    ['npm run nothing', true],
    ['node test/sim/dist/none.js', true],
    ['node test/sim/dist/main.js --seeds 5', false],
    ['sytemctl status', true],
  ])('%s is wrong: %s', async (line, isWrong) =>
    expect((await wrongWith(commandsOf(line)[0]!.words, parseOurs)) !== null).toBe(isWrong),
  );
  it.each([
    ['yosugara recover [node] [--dry-run]', null],
    ['yosugara nodes list | show', null],
    ['yosugara nothing', 'there is no verb nothing'],
    ['yosugara recover --now', 'recover has no option --now'],
  ])('%s in a sentence: %s', (command, wrong) => expect(wrongInline(command, tree)).toBe(wrong));
});
