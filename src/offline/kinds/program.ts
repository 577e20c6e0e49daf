/** Isopod itself: its own files, the packages that it runs with, and the Node that `npm ci` brought along. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import { type FolderFile, listFolder, toFolderFile } from "./folder.ts";

/** What there is beside the packages; a folder with all that is in it. */
const OWN = ["bin", "src", "web/dist", "demo-model", "docs", "scripts/use-node.cjs"];
const OWN_FILES = [
  "package.json",
  "package-lock.json",
  "LICENSE",
  "README.md",
  "config.example.jsonc",
];

const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({ dev: z.boolean().optional(), devOptional: z.boolean().optional() }),
  ),
});

/** `root` is the folder with `package.json`. */
export function listProgram(root: string): FolderFile[] {
  const own = OWN.filter((name) => existsSync(join(root, name))).flatMap((name) =>
    name.includes(".") ? [toFolderFile(root, name)] : listFolder(root, name, isForDevelopment),
  );
  const files = OWN_FILES.filter((name) => existsSync(join(root, name)));
  return [
    ...own,
    ...files.map((name) => toFolderFile(root, name)),
    ...productionPackages(root).flatMap((name) => listFolder(root, name, isLeftOut)),
  ];
}

const isForDevelopment = (path: string) =>
  /\.(test|conformance)\.ts$/.test(path) || /^demo-model\/.+\.(ts|json|jsonl)$/.test(path);

/**
 * Packages inside of packages stand in the lock file themselves; what only a developer reads is not run; of Node there
 * are its headers, npm and manual besides the program.
 */
const isLeftOut = (path: string) =>
  path.endsWith("/node_modules") ||
  /\.(d\.[cm]?ts|[cm]?ts|map|md)$/.test(path) ||
  /^node_modules\/node-[^/]+\/(include|lib|share)$/.test(path);

function productionPackages(root: string): string[] {
  const { packages } = Lock.parse(
    JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")),
  );
  return Object.entries(packages)
    .filter(([name, { dev, devOptional }]) => name !== "" && !dev && !devOptional)
    .map(([name]) => name)
    .filter((name) => existsSync(join(root, name)));
}
