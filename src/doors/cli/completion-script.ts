/** A command as completion sees it: how one gets there, and what may come next. */
export interface Place {
  /** `token add`, and the same with every alias; empty for the beginning. */
  paths: readonly string[];
  words: readonly string[];
}

export type Shell = 'bash' | 'zsh' | 'fish';
export const SHELLS: readonly Shell[] = ['bash', 'zsh', 'fish'];

/**
 * A script that holds the whole tree: no process is started at each press of Tab. It follows the words typed so far through
 * the tree, skips options, and offers what may come there; elsewhere the shell completes file names.
 */
export function completionScript(shell: Shell, places: readonly Place[]): string {
  switch (shell) {
    case 'bash':
      return bash(places);
    case 'zsh':
      return `autoload -U +X bashcompinit && bashcompinit\n${bash(places)}`;
    case 'fish':
      return fish(places);
  }
}

function bash(places: readonly Place[]): string {
  return `_moulin_words() {
  case "$1" in
${places.map(({ paths, words }) => `    ${paths.map(quote).join('|')}) echo ${quote(words.join(' '))} ;;`).join('\n')}
  esac
}
_moulin() {
  local path="" next="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    next="\${path:+$path }\${COMP_WORDS[i]}"
    [ -n "$(_moulin_words "$next")" ] && path="$next"
  done
  COMPREPLY=($(compgen -W "$(_moulin_words "$path")" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _moulin moulin
`;
}

function fish(places: readonly Place[]): string {
  return `function __moulin_words
  switch "$argv[1]"
${places.map(({ paths, words }) => `    case ${paths.map(quote).join(' ')}\n      string split ' ' -- ${quote(words.join(' '))}`).join('\n')}
  end
end
function __moulin_complete
  set -l path ''
  for word in (commandline -opc)[2..-1]
    set -l next (string trim "$path $word")
    test -n "$(__moulin_words $next)"; and set path $next
  end
  __moulin_words $path
end
complete -c moulin -a '(__moulin_complete)'
`;
}

/** Names of commands and options hold no quotes; this is what keeps it so. */
function quote(text: string): string {
  return `'${text.replaceAll("'", '')}'`;
}
