/** Something that can be gone to or done. */
export interface Command {
  readonly id: string;
  /** What it is: a page, a node, an action. */
  readonly group: string;
  readonly label: string;
  /** Beside the label; an id, mostly. */
  readonly hint: string;
  /** Words that it is found by, too, such as its name in the other language. */
  readonly words: string;
}

/** Lower case, and of several forms of the same letter one: what is typed is found whatever the input method made of it. */
export const plain = (text: string): string => text.normalize('NFKC').toLowerCase();

/** The less, the nearer; null = it does not match. Each word that was typed must be in it. */
export function distance(command: Pick<Command, 'label' | 'hint' | 'words'>, typed: string): number | null {
  const [label, hint, words] = [plain(command.label), plain(command.hint), plain(command.words)];
  let sum = 0;
  for (const word of plain(typed).split(/\s+/).filter(Boolean)) {
    if (label.startsWith(word)) sum += 0;
    else if (new RegExp(`[\\s.:/_-]${escaped(word)}`).test(label)) sum += 1;
    else if (hint.startsWith(word)) sum += 2;
    else if (label.includes(word)) sum += 3;
    else if (hint.includes(word)) sum += 4;
    else if (words.includes(word)) sum += 5;
    else return null;
  }
  return sum;
}

const escaped = (word: string): string => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Those that match, the nearest first; of equals in the order in which they were given. */
export function matchingCommands<Each extends Command>(all: readonly Each[], typed: string, most: number): readonly Each[] {
  return all
    .flatMap((command, at) => {
      const away = distance(command, typed);
      return away === null ? [] : [{ command, away, at }];
    })
    .sort((one, other) => one.away - other.away || one.at - other.at)
    .slice(0, most)
    .map(({ command }) => command);
}
