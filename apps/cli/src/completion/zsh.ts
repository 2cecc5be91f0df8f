import type { Verb } from '../help/describe.js';
import type { Source } from './sources.js';
import { type Named, quoted, type Row, rowsOf, takingOptions, waysOf } from './table.js';

const offered = (source: Source): string => {
  switch (source.from) {
    case 'words':
      return `compadd -- ${source.words.map(quoted).join(' ')}`;
    case 'files':
      return '_files';
    case 'asked':
      return `_yosugara_asked ${source.what}`;
    case 'nowhere':
      return ':';
  }
};

/** In a word of _describe a colon ends the name. */
const described = ({ name, says }: Named): string => quoted(`${name.replaceAll(':', '\\:')}:${says}`);

const listed = (what: string, rows: readonly Row[], of: (row: Row) => readonly Named[]): string =>
  rows
    .filter((row) => of(row).length > 0)
    .map((row) => `    ${quoted(row.at)}) offered=(${of(row).map(described).join(' ')}); _describe ${what} offered ;;`)
    .join('\n');

/** In a folder of fpath as \`_yosugara\`, or \`. <(yosugara completion zsh)\` after compinit. */
export function zshCompletion(root: Verb): string {
  const rows = rowsOf(root);
  const options = rows.flatMap(({ at, options: all }) =>
    all.flatMap(({ name, source }) =>
      source === null || source.from === 'nowhere' ? [] : [`    ${quoted(`${at} ${name}`)}) ${offered(source)} ;;`],
    ),
  );
  const places = rows.flatMap(({ at, arguments: all, many }) =>
    all.flatMap((source, place) => {
      if (source.from === 'nowhere') return [];
      const further = many && place === all.length - 1 ? `|${quoted(`${at} `)}*` : '';
      return [`    ${quoted(`${at} ${place}`)}${further}) ${offered(source)} ;;`];
    }),
  );
  return `#compdef yosugara
# Completion of yosugara for zsh, written by \`yosugara completion zsh\`.

_yosugara_asked() {
  local -a found
  found=("\${(@f)$("$words[1]" complete-values "$1" "\${given[@]}" 2> /dev/null)}")
  compadd -- "\${found[@]:#}"
}
_yosugara() {
  local at='' word i skip=0 previous=$words[CURRENT-1]
  local -a given offered
  for ((i = 2; i < CURRENT; i++)); do
    word=$words[i]
    if ((skip)); then skip=0; continue; fi
    case "$at $word" in
    ${takingOptions(rows).join('|')}) skip=1; continue ;;
    *' -'*) continue ;;
    esac
    case "$at/$word" in
${waysOf(root)
  .map(({ way, to }) => `    ${quoted(way)}) at=${quoted(to)} ;;`)
  .join('\n')}
    *) given+=("$word") ;;
    esac
  done
  if ((skip)); then
    case "$at $previous" in
${options.join('\n')}
    esac
    return
  fi
  if [[ $words[CURRENT] == -* ]]; then
    case "$at" in
${listed('option', rows, (row) => row.options)}
    esac
    return
  fi
  if (($#given == 0)); then
    case "$at" in
${listed('command', rows, ({ verbs }) => verbs)}
    esac
  fi
  case "$at $#given" in
${places.join('\n')}
  esac
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _yosugara "$@"; else compdef _yosugara yosugara; fi
`;
}
