import type { Verb } from '../help/describe.js';
import type { Source } from './sources.js';
import { quoted, type Row, rowsOf, takingOptions, waysOf } from './table.js';

const offered = (source: Source): string => {
  switch (source.from) {
    case 'words':
      return `_yosugara_words ${quoted(source.words.join('\n'))}`;
    case 'files':
      return '_yosugara_files';
    case 'asked':
      return `_yosugara_asked ${source.what}`;
    case 'nowhere':
      return ':';
  }
};

const optionCases = ({ at, options }: Row): readonly string[] =>
  options.flatMap(({ name, source }) =>
    source === null || source.from === 'nowhere' ? [] : [`    ${quoted(`${at} ${name}`)}) ${offered(source)} ;;`],
  );

const argumentCases = ({ at, arguments: all, many }: Row): readonly string[] =>
  all.flatMap((source, place) =>
    source.from === 'nowhere'
      ? []
      : [
          `    ${quoted(`${at} ${place}`)}${many && place === all.length - 1 ? `|${quoted(`${at} `)}*` : ''}) ${offered(source)} ;;`,
        ],
  );

const listed = (rows: readonly Row[], of: (row: Row) => readonly { readonly name: string }[]): string =>
  rows
    .filter((row) => of(row).length > 0)
    .map(
      (row) =>
        `    ${quoted(row.at)}) _yosugara_words ${quoted(
          of(row)
            .map(({ name }) => name)
            .join('\n'),
        )} ;;`,
    )
    .join('\n');

/** For bash 4 and newer: `. <(yosugara completion bash)`. */
export function bashCompletion(root: Verb): string {
  const rows = rowsOf(root);
  return `# Completion of yosugara for bash, written by \`yosugara completion bash\`.

# Lines of words, one of which is being typed.
_yosugara_words() {
  local word
  while IFS= read -r word; do
    if [[ -n $word && $word == "$_yosugara_cur"* ]]; then COMPREPLY+=("$word"); fi
  done <<< "$1"
}
_yosugara_files() {
  local word
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$_yosugara_cur")
  compopt -o filenames 2> /dev/null || :
}
_yosugara_asked() {
  _yosugara_words "$("$_yosugara_program" complete-values "$1" "\${_yosugara_args[@]}" 2> /dev/null)"
}
_yosugara() {
  local _yosugara_cur=\${COMP_WORDS[COMP_CWORD]} _yosugara_program=\${COMP_WORDS[0]} _yosugara_args=()
  local at='' word i skip=0 previous=\${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if ((skip)); then skip=0; continue; fi
    case "$at $word" in
    ${takingOptions(rows).join('|')}) skip=1; continue ;;
    *' -'*) continue ;;
    esac
    case "$at/$word" in
${waysOf(root)
  .map(({ way, to }) => `    ${quoted(way)}) at=${quoted(to)} ;;`)
  .join('\n')}
    *) _yosugara_args+=("$word") ;;
    esac
  done
  if ((skip)); then
    case "$at $previous" in
${rows.flatMap(optionCases).join('\n')}
    esac
    return
  fi
  if [[ $_yosugara_cur == -* ]]; then
    case "$at" in
${listed(rows, ({ options }) => options)}
    esac
    return
  fi
  if ((\${#_yosugara_args[@]} == 0)); then
    case "$at" in
${listed(rows, ({ verbs }) => verbs)}
    esac
  fi
  case "$at \${#_yosugara_args[@]}" in
${rows.flatMap(argumentCases).join('\n')}
  esac
}
complete -F _yosugara yosugara
`;
}
