/** A restore on a machine as small as can be, for tests. */

import { createHash } from "node:crypto";
import { globSync } from "node:fs";
import { join } from "node:path";

import { Fault } from "../../base/fault.ts";
import { cleanStore } from "../../store/carry.ts";
import { lockFolder } from "../../store/lock.ts";
import { never, type Place, quiet, SIGNER } from "../format/examples.ts";
import { restore, type RestoreOrder } from "./restore.ts";

export const HERE = "linux-x64-glibc";
export const sha = (content: string | Buffer) => createHash("sha256").update(content).digest("hex");

export const isCode =
  (code: string, words = /./) =>
  (error: unknown) =>
    error instanceof Fault && error.code === code && words.test(error.message);

/** Names and contents of all that lies in a folder. */
export const snapshot = (root: string) =>
  globSync("**/*", { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => join(entry.parentPath, entry.name))
    .concat(globSync("**/.*/**", { cwd: root }).map((name) => join(root, name)))
    .toSorted()
    .map((path) => path.slice(root.length));

type Try = Partial<RestoreOrder> & { platform?: string };

export const machineOf = (place: Place, platform = HERE) => ({
  home: place.at("home"),
  env: { HOME: place.at("user"), OLLAMA_MODELS: place.at("ollama"), HF_HOME: place.at("hf") },
  platform,
});

export const run = (place: Place, { platform, ...order }: Try = {}) =>
  restore(
    { path: place.at("stick"), trusted: [SIGNER.publicKey], dryRun: false, ...order },
    {
      machine: machineOf(place, platform),
      lock: () => lockFolder(place.at("home")),
      cleanStore: (file) => cleanStore(file, { withPrivate: false }),
    },
    { onProgress: quiet, signal: never },
  );
