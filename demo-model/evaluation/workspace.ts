/** The workspace folder of the gateway under evaluation: filled before a case, looked at after it. */

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import type { Files } from "./case.ts";

/** The folder itself stays: the gateway holds it open. */
export function fillWorkspace(folder: string, files: Files): void {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** As `Files` has it: an empty folder stands there with a "/", one with files by its files. */
export function lookAtWorkspace(folder: string, below = ""): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
    const path = `${below}${entry.name}`;
    if (entry.isDirectory()) {
      const inside = lookAtWorkspace(folder, `${path}/`);
      Object.assign(found, Object.keys(inside).length > 0 ? inside : { [`${path}/`]: "" });
    } else {
      // A link, or anything else that is no plain file, is a change in itself.
      found[path] = entry.isFile() ? readFileSync(join(folder, path), "utf8") : "[no plain file]";
    }
  }
  return found;
}
