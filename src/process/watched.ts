/**
 * A shell beside a program, which ends it when we are gone: also after kill -9, when nothing of ours runs
 * any more. It reads from a pipe into which nothing is ever written; our end closes with us.
 */

/** A server that is asked to end frees the graphics card in less. */
const END_SECONDS = 5;

/**
 * The program's standard input is empty; the watcher alone holds the pipe (as 9). `kill 0` means the whole
 * group, the shells among them: they were started as a group of their own. Behind "&" the shell puts
 * /dev/null for standard input, unless it is told where to take it from (8).
 */
const script = (pipes: string) => `
exec ${pipes}
"$@" <&8 8<&- 9<&- &
child=$!
(
  read -r _ <&9
  kill -TERM "$child" 2>/dev/null
  sleep ${END_SECONDS}
  kill -KILL 0
) 8<&- >/dev/null 2>&1 &
exec 8<&- 9<&-
wait "$child"
`;

/** The watcher's pipe is standard input; of one that has input itself it is the descriptor after the usual three. */
const ALONE = script("9<&0 </dev/null 8<&0");
const LISTENING = script("8<&0 </dev/null 9<&3 3<&-");

/** The command line that starts `file` under a watcher. */
export const watched = (
  file: string,
  args: readonly string[],
  listens: boolean,
): [string, string[]] => [
  "/bin/sh",
  ["-c", listens ? LISTENING : ALONE, "isopod-watcher", file, ...args],
];
