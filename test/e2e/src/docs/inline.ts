/** Verbs with the names of their options, as `describe` of the command line makes it. */
export interface VerbTree {
  readonly path: readonly string[];
  readonly aliases: readonly string[];
  readonly options: readonly { readonly names: readonly string[] }[];
  readonly verbs: readonly VerbTree[];
}

/** `yosugara …` between backquotes, without blocks; in the order in which they stand. */
export function inlineCommands(text: string): readonly string[] {
  const plain = text.replace(/^( *)(`{3,})[^\n]*\n[\s\S]*?^ *\2`* *$/gm, '');
  return [...plain.matchAll(/`(yosugara [^`]+)`/g)].map(([, command]) => command!.replaceAll('\\|', '|'));
}

/** In running text a command is often shortened: [what may be left out], … and one | other are let be. What is said must exist. */
export function wrongInline(command: string, root: VerbTree): string | null {
  const words = command
    .replace(/[[\]<>]/g, ' ')
    .split(/\s+\|\s|\s\/\s/)[0]!
    .split(/\s+/)
    .slice(1);
  let verb = root;
  for (const word of words) {
    const below = verb.verbs.find(({ path, aliases }) => path.at(-1) === word || aliases.includes(word));
    if (below === undefined) break;
    verb = below;
  }
  const [first = ''] = words;
  if (verb === root && /^[a-z]/.test(first) && first !== 'help') return `there is no verb ${first}`;
  if (verb !== root && verb.verbs.length > 0) {
    const next = words[verb.path.length];
    if (next !== undefined && /^[a-z-]+$/.test(next) && !verb.options.some(() => true))
      return `${verb.path.join(' ')} has no verb ${next}`;
  }
  const known = new Set([
    '--help',
    ...verb.options.flatMap(({ names }) => names),
    ...verb.verbs.flatMap(({ options }) => options.flatMap(({ names }) => names)),
  ]);
  const unknown = words.map((word) => /^--[a-z-]+/.exec(word)?.[0]).find((option) => option !== undefined && !known.has(option));
  return unknown === undefined || verb === root ? null : `${verb.path.join(' ')} has no option ${unknown}`;
}
