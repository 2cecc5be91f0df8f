/**
 * Keeps a command's exit code for an agent that may die meanwhile. It is a process (and a session) of its own, and waits for the command, which
 * is in another session: whoever ends the command does not end its keeper. What it notes is one small write: whole when its last word is there.
 * `begun` is the door: whoever makes it first, this or an agent that restarts and finds no command, decides whether it begins. What the shell
 * can do itself it does without a process: most of what a short command costs its host is its keeper.
 * A shell's code alone does not say whether a signal ended the command or it exited 128 + n by itself. So what the shell says of its end is
 * kept in `died`: of a signal it says its name (dash while it waits, bash only of what it runs in the foreground; neither of SIGINT and SIGPIPE).
 * Arguments: folder, user, group (both empty = as it is), home, command, then path and mode of the files for standard output and standard
 * error ('' = none). POSIX shell (dash, bash, busybox).
 */
export const KEEPER = `
d=$1; u=$2; g=$3; home=$4; cmd=$5; out=$6; outmode=$7; err=$8; errmode=$9
umask 077
set -C
{ command : >"$d/begun"; } 2>/dev/null || exit 0
set +C
ticks() { IFS= read -r s <"/proc/$$/stat" || s=; s=\${s##*) }; set -- $s; t=\${20}; }
ticks; printf '%s %s end\\n' "$$" "$t" >"$d/keeper"
inner='
cd "$5" 2>/dev/null || cd /
aim() {
  if [ "$2" = truncate ]; then (: >"$1") 2>/dev/null || return 1; fi
  (: >>"$1") 2>/dev/null || return 1
  size=$(wc -c <"$1" 2>/dev/null) || size=0
  printf "%s %s\\\\n" "$3" "$((size))" >&9
}
cmd=$6
if [ -n "$1" ]; then if aim "$1" "$2" stdout; then exec >>"$1"; else echo "stdout-trouble" >&9; fi; fi
if [ -n "$3" ]; then if aim "$3" "$4" stderr; then exec 2>>"$3"; else echo "stderr-trouble" >&9; fi; fi
exec 9>&-
umask 022
exec /bin/sh -c "$cmd"
'
mark='
d=$1; shift
ticks() { IFS= read -r s <"/proc/$$/stat" || s=; s=\${s##*) }; set -- $s; t=\${20}; }
ticks; printf "%s %s end\\\\n" "$$" "$t" >"$d/command"
exec setsid "$@"
'
: >"$d/out"; : >"$d/err"; : >"$d/aims"; : >"$d/died"
set -- /bin/sh -c "$inner" sh "$out" "$outmode" "$err" "$errmode" "$home" "$cmd"
if [ -n "$u" ]; then set -- setpriv --reuid "$u" --regid "$g" --init-groups --inh-caps=-all -- "$@"; fi
if [ -n "\${BASH_VERSION-}" ]; then
  exec 2>"$d/died"
  /bin/sh -c "$mark" sh "$d" "$@" </dev/null >>"$d/out" 2>>"$d/err" 9>>"$d/aims"
else
  /bin/sh -c "$mark" sh "$d" "$@" </dev/null >>"$d/out" 2>>"$d/err" 9>>"$d/aims" &
  exec 2>"$d/died"
  wait $!
fi
code=$?
how=exited
if [ -s "$d/died" ]; then how=signal; else case $code in 130|141) how=unsure ;; esac; fi
printf '%s %s end\\n' "$code" "$how" >"$d/exit"
`;
