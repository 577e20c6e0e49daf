/**
 * What is installed for which machine: node-llama-cpp in one version, and its ready-made engine for one
 * kind of card. Every byte is fixed by `lock.json`, which is npm's own lock file without its root.
 */

import { readFileSync } from "node:fs";

import { z } from "zod";

import { Fault } from "../../base/fault.ts";
import type { Machine } from "../../protocol/model-fit.ts";
import type { Gpu } from "./letters.ts";

export const VERSION = "3.22.1";

type Form = {
  gpu: Gpu;
  packages: readonly string[];
  /** On disk with all of the library, measured. */
  sizeBytes: number;
};

/** By `process.platform` and `process.arch`, the best first; `lock.json` has these and no others. */
const FORMS: Readonly<Record<string, readonly Form[]>> = {
  "linux-x64": [
    { gpu: "cuda", packages: ["linux-x64-cuda", "linux-x64-cuda-ext"], sizeBytes: 594e6 },
    { gpu: "vulkan", packages: ["linux-x64-vulkan"], sizeBytes: 126e6 },
    { gpu: "none", packages: ["linux-x64"], sizeBytes: 85e6 },
  ],
  "linux-arm64": [{ gpu: "none", packages: ["linux-arm64"], sizeBytes: 75e6 }],
};

/** "auto" takes the card that there is. Throws `MODEL_ENGINE_UNSUPPORTED`. */
export function chooseForm(
  gpu: Gpu | "auto",
  platform: string,
  gpus: readonly Pick<Machine["gpus"][number], "maker">[],
): Form {
  const forms = FORMS[platform] ?? [];
  const has = (maker: string) => gpus.some((card) => card.maker === maker);
  const fits: Readonly<Record<Gpu, boolean>> = {
    cuda: has("nvidia"),
    vulkan: has("amd"),
    metal: has("apple"),
    none: true,
  };
  const form = forms.find((form) => (gpu === "auto" ? fits[form.gpu] : form.gpu === gpu));
  if (form) return form;
  const allowed = forms.map(({ gpu }) => gpu);
  throw new Fault("MODEL_ENGINE_UNSUPPORTED", { gpu, machine: platform, allowed });
}

/** `package.json` and `package-lock.json` for `npm ci`: exactly these packages, and nothing optional. */
export function toManifests({ packages }: Pick<Form, "packages">): { own: object; lock: object } {
  const lock = Lock.parse(JSON.parse(readFileSync(new URL("lock.json", import.meta.url), "utf8")));
  const names = packages.map((name) => `@node-llama-cpp/${name}`);
  const dependencies = Object.fromEntries(
    ["node-llama-cpp", ...names].map((name) => [name, VERSION]),
  );
  const own = { name: "isopod-engine", version: VERSION, private: true, dependencies };
  const wanted = new Set(names.map((name) => `node_modules/${name}`));
  // Without a word of the engines that are not wanted: npm would look for each of them.
  const entries = Object.entries(lock.packages).flatMap(([path, entry]) => {
    if (path.startsWith("node_modules/@node-llama-cpp/") && !wanted.has(path)) return [];
    const needed = { ...entry, optional: wanted.has(path) ? undefined : entry.optional };
    return [[path, { ...needed, optionalDependencies: undefined }]];
  });
  return {
    own,
    lock: {
      ...own,
      lockfileVersion: 3,
      requires: true,
      packages: { "": own, ...Object.fromEntries(entries) },
    },
  };
}

const Lock = z.object({
  packages: z.record(z.string(), z.looseObject({ optional: z.boolean().optional() })),
});
