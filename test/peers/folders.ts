/** Where peers are installed: a cache folder outside the repository, one folder for each. */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export interface Folders {
  readonly root: string;
  /** Of one peer; made when it is asked for. */
  of(name: string): string;
  /** What `install` noted last, and nothing where it did not come to its end. */
  installed(name: string): string | undefined;
  note(name: string, version: string): void;
  /** So that an install that is stopped in the middle does not pass for one that was finished. */
  forget(name: string): void;
}

export const peersRoot = (env: NodeJS.ProcessEnv): string =>
  env["ISOPOD_PEERS"] || join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "isopod-peers");

export function createFolders(root: string): Folders {
  const noteOf = (name: string) => join(root, name, "installed");
  return {
    root,
    of(name) {
      const folder = join(root, name);
      mkdirSync(folder, { recursive: true });
      return folder;
    },
    installed(name) {
      try {
        return readFileSync(noteOf(name), "utf8").trim() || undefined;
      } catch {
        return undefined; // there is no note: it is not installed
      }
    },
    note: (name, version) => writeFileSync(noteOf(name), `${version}\n`),
    forget: (name) => rmSync(noteOf(name), { force: true }),
  };
}
