/**
 * Keeps a command's exit code for an agent that may die meanwhile. It is a process (and a session) of its own, and waits for the command, which
 * is in another session: whoever ends the command does not end its keeper. What it notes is small writes to one file: a line is whole when its last
 * word is there. That file is also the door: whoever makes it first, this or an agent that restarts and finds no command, decides whether it begins.
 *
 * A short command costs its host little beside its keeper, so this makes no process and no file that it can do without: what the shell can do by
 * itself it does in the very process that becomes the command, and only where another user has to be become a further shell does it as that user.
 *
 * A shell's code alone does not say whether a signal ended the command or it exited 128 + n by itself. So what the shell says of its end goes to
 * the same file: of a signal it says its name (dash while it waits, bash only of what it runs in the foreground; neither of SIGINT and SIGPIPE).
 * Its variables have names that no job's have: what a job sets comes to its command as it is.
 * Arguments: folder, user, group (both empty = as it is), home, command, then path and mode of the files for standard output and standard
 * error ('' = none). POSIX shell (dash, bash, busybox).
 */
export const KEEPER = `
_y_d=$1; _y_u=$2; _y_g=$3; _y_home=$4; _y_cmd=$5; _y_out=$6; _y_outmode=$7; _y_err=$8; _y_errmode=$9
umask 077
set -C
{ command : >"$_y_d/begun"; } 2>/dev/null || exit 0
set +C
echo "keeper $$ end" >>"$_y_d/begun"
: >"$_y_d/out"; : >"$_y_d/err"
_y_aims=/dev/null
if [ -n "$_y_out$_y_err" ]; then _y_aims=$_y_d/aims; : >"$_y_aims"; fi
_y_inner='
aim() {
  if [ "$2" = truncate ]; then (: >"$1") 2>/dev/null || return 1; fi
  (: >>"$1") 2>/dev/null || return 1
  _y_size=$(wc -c <"$1" 2>/dev/null) || _y_size=0
  printf "%s %s\\\\n" "$3" "$((_y_size))" >&9
}
cd "$5" 2>/dev/null || cd /
if [ -n "$1" ]; then if aim "$1" "$2" stdout; then exec >>"$1"; else echo "stdout-trouble" >&9; fi; fi
if [ -n "$3" ]; then if aim "$3" "$4" stderr; then exec 2>>"$3"; else echo "stderr-trouble" >&9; fi; fi
exec 9>&-
umask 022
exec $7 /bin/sh -c "$6"
'
begin() {
  IFS= read -r _y_s </proc/self/stat || _y_s=
  _y_pid=\${_y_s%% *}; _y_s=\${_y_s##*) }; set -- $_y_s
  echo "command $_y_pid \${20} end" >>"$_y_d/begun"
  set -- "$_y_out" "$_y_outmode" "$_y_err" "$_y_errmode" "$_y_home" "$_y_cmd"
  if [ -z "$_y_u" ]; then set -- "$@" setsid; eval "$_y_inner"; fi
  exec setsid setpriv --reuid "$_y_u" --regid "$_y_g" --init-groups --inh-caps=-all -- /bin/sh -c "$_y_inner" sh "$@" ''
}
if [ -n "\${BASH_VERSION-}" ]; then
  exec 2>>"$_y_d/begun"
  (begin) </dev/null >>"$_y_d/out" 2>>"$_y_d/err" 9>>"$_y_aims"
else
  begin </dev/null >>"$_y_d/out" 2>>"$_y_d/err" 9>>"$_y_aims" &
  exec 2>>"$_y_d/begun"
  wait $!
fi
echo "exit $? end" >>"$_y_d/begun"
`;
