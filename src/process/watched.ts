/**
 * A shell beside a program, which ends it when we are gone: also after kill -9, when nothing of ours runs
 * any more. It reads from a pipe into which nothing is ever written; our end closes with us.
 */

/** A server that is asked to end frees the graphics card in less. */
const END_SECONDS = 5;

/**
 * The program's standard input is empty; the watcher alone holds the pipe (as 9). `kill 0` means the whole
 * group, the shells among them: they were started as a group of their own.
 */
const SCRIPT = `
exec 9<&0 </dev/null
"$@" 9<&- &
child=$!
(
  read -r _ <&9
  kill -TERM "$child" 2>/dev/null
  sleep ${END_SECONDS}
  kill -KILL 0
) >/dev/null 2>&1 &
exec 9<&-
wait "$child"
`;

/** The command line that starts `file` under a watcher. */
export const watched = (file: string, args: readonly string[]): [string, string[]] => [
  "/bin/sh",
  ["-c", SCRIPT, "isopod-watcher", file, ...args],
];
