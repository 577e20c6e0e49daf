/**
 * What a model could change: an approval is of a command line, and what it names must stay what it was. A
 * program, a script, a folder that Python imports from, or weights in the workspace would let an agent choose
 * what runs outside of its sandbox.
 */

import { realpathSync } from "node:fs";
import { isAbsolute, relative, resolve } from "node:path";

import type { ServiceCommand } from "./command.ts";

/** The first word that leads into the workspace, links followed; undefined where none does. */
export function findWritable(
  { command, args, env, cwd = "/" }: ServiceCommand,
  workspace: string,
): string | undefined {
  const folder = realPath(workspace);
  return [command, ...args, ...Object.values(env), cwd].find((word) =>
    // Such as "/a:/b", "--model=/a" and "type=/a,other".
    [word, ...word.split(/[=:,;\s]+/)].some(
      (part) => isPath(part) && isWithin(folder, realPath(resolve(cwd, part))),
    ),
  );
}

/** A bare name is looked for in PATH, or means something else; "." and ".." are folders. */
const isPath = (text: string) => text.includes("/") || /^\.+$/.test(text);

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === "" || (!isAbsolute(way) && way.split("/")[0] !== "..");
}

/** Of what is not there yet: as far as it is there. */
function realPath(path: string): string {
  for (let at = path, rest = ""; ;) {
    try {
      return resolve(realpathSync(at), rest);
    } catch {
      const parent = resolve(at, "..");
      if (parent === at) return path;
      rest = rest === "" ? relative(parent, at) : `${relative(parent, at)}/${rest}`;
      at = parent;
    }
  }
}
