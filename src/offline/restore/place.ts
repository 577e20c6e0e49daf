/**
 * Where each kind of artefact belongs on this machine, and which names it may have there. What a bundle says decides
 * nothing else: no file of it can become a key, a program that is started by itself, or anything outside these folders.
 */

import { join } from "node:path";

import { Fault } from "../../base/fault.ts";
import type { Artefact, Manifest } from "../format/manifest.ts";
import type { Kind } from "../kind.ts";
import { hubOf } from "../kinds/hugging-face.ts";
import { ollamaHome } from "../kinds/ollama.ts";

export type Target = {
  /** The folder below which everything of this kind goes; staging is right in it. */
  root: string;
  /** Below the root. */
  path: string;
  /** An archive that is unpacked into a folder of that name. */
  unpacked: boolean;
  sealed: boolean;
};

export type Machine = {
  home: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Such as "linux-x64-glibc". */
  platform: string;
};

const NAMES: Readonly<Record<Kind, RegExp>> = {
  program: /^program\.tar$/,
  engine: /^engine\.tar$/,
  ollama: /^(blobs\/sha256-[0-9a-f]{64}|manifests\/([A-Za-z0-9_][\w.-]*\/){3}[A-Za-z0-9_][\w.-]*)$/,
  gguf: /^[^/]+\.gguf$/,
  hf: /^models--[\w.-]+\/(blobs\/[\w.-]+|refs\/[\w.-]+|snapshots\/[0-9a-f]{40}\/.+)$/,
  image: /^[^/]+\.tar$/,
  config: /^isopod\.json$/,
  state: /^(isopod\.db|secrets\/[^/.][^/]*?)(\.sealed)?$/,
};

/** Throws `BUNDLE_UNSAFE` for a name that its kind never has. */
export function targetOf(
  artefact: Artefact,
  file: { path: string; sha256?: string },
  { home, env }: Machine,
  { sealed, tool }: Manifest,
): Target {
  const { kind, platform } = artefact;
  const { path, sha256 = "" } = file;
  const unsafe = (why: string) => new Fault("BUNDLE_UNSAFE", { what: path, why });
  if (!NAMES[kind].test(path)) throw unsafe(`it is no name for ${kind}`);
  const plain = { path, unpacked: false, sealed: false };
  switch (kind) {
    case "gguf":
      return { ...plain, root: join(home, "models") };
    case "image":
      return { ...plain, root: join(home, "images") };
    case "hf":
      return { ...plain, root: hubOf(env) };
    case "ollama":
      if (path.startsWith("blobs/") && path !== `blobs/sha256-${sha256}`)
        throw unsafe("its name is not its digest");
      return { ...plain, root: ollamaHome(env) };
    case "program": {
      const name = `isopod-${tool.version}-${platform}-${sha256.slice(0, 12)}`;
      if (!/^[\w.+-]+$/.test(name)) throw unsafe("its version is no version");
      return { ...plain, root: join(home, "program"), path: name, unpacked: true };
    }
    case "engine":
      return { ...plain, root: home, path: "engine", unpacked: true };
    case "config":
      return { ...plain, root: home };
    case "state": {
      const isSealed = path.endsWith(".sealed");
      if (isSealed !== (sealed !== undefined)) throw unsafe("it is not sealed as the bundle says");
      if (!isSealed && path.startsWith("secrets/")) throw unsafe("a secret is only ever sealed");
      return { ...plain, root: home, path: path.replace(/\.sealed$/, ""), sealed: isSealed };
    }
  }
}
