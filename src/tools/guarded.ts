/**
 * Files that other programs run by themselves: an editor that opens the folder, a shell that enters it,
 * git at the next commit. Who writes one runs a command outside of the sandbox, so a person is asked.
 *
 * Not among them: Makefiles, scripts, package.json, sources. Those run when somebody says so, and they
 * are what an agent is there to write; a person who is asked each time soon agrees to everything.
 */

import { readdir } from "node:fs/promises";

import { parsePath } from "./path.ts";
import type { Workspace } from "./workspace.ts";

/** Folders, wherever they stand. */
const FOLDERS = [
  [".git", ".hg", ".svn", ".githooks", ".husky"], // hooks, and settings that name programs
  [".vscode", ".idea", ".devcontainer", ".zed", ".fleet"], // tasks that start when a folder is opened
  [".github", ".gitlab", ".circleci", ".forgejo", ".gitea"], // jobs that run after a push
  [".claude", ".cursor", ".codex", ".gemini", ".ssh", ".config", ".direnv"], // settings of agents and shells
].flat();

/** Files, wherever they stand. */
const FILES = [
  [".envrc", ".mise.toml", "mise.toml", ".tool-versions"],
  [
    ".bashrc",
    ".bash_aliases",
    ".bash_profile",
    ".bash_login",
    ".bash_logout",
    ".profile",
    ".inputrc",
  ],
  [".zshrc", ".zshenv", ".zprofile", ".zlogin", ".kshrc", ".cshrc", ".tcshrc", ".login"],
  [".gitconfig", ".gitmodules", ".gitattributes", ".gitlab-ci.yml", ".pre-commit-config.yaml"],
  ["lefthook.yml", ".npmrc", ".yarnrc", ".yarnrc.yml", ".pnpmfile.cjs", ".mcp.json"],
  [".vimrc", ".exrc", ".nvimrc", ".nvim.lua", ".emacs", ".dir-locals.el", ".gdbinit", ".lldbinit"],
].flat();

const GUARDED = new Set([...FOLDERS, ...FILES]);

/** Git takes any folder with this file in it for a repository, and runs what its `config` names. */
const REPOSITORY = "HEAD";

/** Why a person must agree to a write there; undefined when nobody must, or the path is none at all. */
export function whyAsk(path: string, root: string): string | undefined {
  const names = namesOf(path, root);
  const name =
    names.find((one) => GUARDED.has(toPlain(one))) ??
    names.slice(-1).find((one) => toPlain(one) === REPOSITORY.toLowerCase());
  return name && `programs outside the sandbox run what stands in ${name}`;
}

/** A path that cannot be used is refused when it is opened; nobody is asked about it. */
function namesOf(path: string, root: string): string[] {
  try {
    return parsePath(path, root);
  } catch {
    return [];
  }
}

/** As a file system sees it that takes `.GIT`, or a name with invisible characters, for `.git`. */
const toPlain = (name: string) =>
  name
    .normalize("NFKC")
    .replaceAll(/\p{Cf}/gu, "")
    .toLowerCase();

/** Where it is a file, it names the folder that git takes for it. */
const GIT = ".git";

/** Places of a repository that `.git` holds beside its thousands of objects. */
const IN_GIT = ["config", "config.worktree", "commondir", "hooks", "info"].map(
  (place) => `${GIT}/${place}`,
);

/** More files than people have there; what is beyond is not watched. */
const MAX_WATCHED = 200;

/**
 * The guarded files at the top of the workspace by their digests. A command in the sandbox can write
 * them without being asked; compared before and after, what it wrote can at least be said.
 */
export async function watchGuarded(
  workspace: Workspace,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  // The names alone say what there is to look at; in most workspaces next to nothing.
  const present = new Set(await readdir(workspace.root));
  const folders = FOLDERS.filter((folder) => folder !== GIT);
  const places = [...FILES, REPOSITORY, GIT, ...IN_GIT, ...folders].filter((place) =>
    present.has(place.split("/")[0] ?? place),
  );
  await Promise.all(places.map((place) => look(workspace, place, found, signal)));
  return found;
}

async function look(
  workspace: Workspace,
  path: string,
  found: Map<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const state = await stateOf(workspace, path);
  if (state !== "absent" && state !== "PATH_NOT_FILE") found.set(path, state);
  if (state !== "PATH_NOT_FILE" || path === GIT) return;
  try {
    for await (const { path: inner, folder } of workspace.walk(path, signal)) {
      if (found.size >= MAX_WATCHED) return;
      if (!folder) found.set(inner, await stateOf(workspace, inner));
    }
  } catch {
    signal.throwIfAborted();
    found.set(path, state); // a link, or nothing that can be listed: that it is there is known
  }
}

/** A digest, "absent", or the code of what keeps it from being read. */
async function stateOf(workspace: Workspace, path: string): Promise<string> {
  try {
    return await workspace.digest(path);
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : "unknown";
  }
}

/** Paths that are new or different, in order. */
export function changedSince(before: Map<string, string>, after: Map<string, string>): string[] {
  const changed = [...after].filter(([path, state]) => before.get(path) !== state);
  return changed.map(([path]) => path).sort();
}
