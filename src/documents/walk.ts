/** The files below a folder that may be documents: no link is followed, hidden and made things are left out. */

import { type Dirent, lstatSync, opendirSync, type Stats } from "node:fs";
import { join } from "node:path";

import { kindOf } from "./read/document.ts";

export type Found = { path: string; stat: Stats };

export type Walked = {
  files: Found[];
  /** Below the folder; what is in them could not be looked at. */
  closed: string[];
  /** There are more, which were left out. */
  isCut: boolean;
};

/** What programs make or keep; nobody looks for their own documents in there. */
const LEFT_OUT = new Set(
  "node_modules bower_components __pycache__ venv site-packages target dist build out coverage vendor".split(
    " ",
  ),
);
/** `build` and its kind are left out beside one of these only: elsewhere people call their own folders so. */
const MADE = new Set(["target", "dist", "build", "out", "coverage", "vendor"]);
const PROJECT = new Set(
  "package.json Cargo.toml pom.xml build.gradle go.mod composer.json pyproject.toml setup.py Makefile".split(
    " ",
  ),
);

/** A folder nested deeper is nobody's work. */
const MAX_DEPTH = 32;
/** Some minutes of reading, and 100 MB of names. */
const MAX_FILES = 200_000;

/** `keepOut` are real paths, such as that of the state folder. Throws what the system says of the folder itself. */
export function walk(root: string, keepOut: readonly string[], isStopped: () => boolean): Walked {
  const walked: Walked = { files: [], closed: [], isCut: false };
  walkFolder("", 0);
  return walked;

  function walkFolder(below: string, depth: number): void {
    const entries = list(below);
    const isProject = entries.some(({ name }) => PROJECT.has(name));
    for (const entry of entries) {
      if (isStopped() || walked.isCut) return;
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) {
        const isMade = LEFT_OUT.has(entry.name) && (!MADE.has(entry.name) || isProject);
        if (isMade || keepOut.includes(join(root, path))) continue;
        if (depth < MAX_DEPTH) walkFolder(path, depth + 1);
      } else if (entry.isFile() && kindOf(entry.name)) {
        add(path);
      }
    }
  }

  function list(below: string): Dirent[] {
    const entries: Dirent[] = [];
    try {
      const folder = opendirSync(join(root, below));
      try {
        for (let entry = folder.readSync(); entry; entry = folder.readSync()) {
          // Hidden are settings, keys and what programs keep for themselves.
          if (!entry.name.startsWith(".")) entries.push(entry);
        }
      } finally {
        folder.closeSync();
      }
    } catch (error) {
      if (below === "") throw error;
      walked.closed.push(below);
    }
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  function add(path: string): void {
    if (walked.files.length >= MAX_FILES) {
      walked.isCut = true;
      return;
    }
    const stat = lstatSync(join(root, path), { throwIfNoEntry: false }); // undefined: gone meanwhile
    if (stat?.isFile()) walked.files.push({ path, stat });
  }
}
