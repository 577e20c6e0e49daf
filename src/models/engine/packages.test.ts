import assert from "node:assert/strict";
import { test } from "node:test";

import { chooseForm, toManifests } from "./packages.ts";

const NVIDIA = [{ maker: "nvidia" as const }];

test("auto takes the card that there is, and the processor where there is none", () => {
  assert.equal(chooseForm("auto", "linux-x64", NVIDIA).gpu, "cuda");
  assert.equal(chooseForm("auto", "linux-x64", [{ maker: "amd" }]).gpu, "vulkan");
  assert.equal(chooseForm("auto", "linux-x64", []).gpu, "none");
  assert.equal(chooseForm("auto", "linux-arm64", NVIDIA).gpu, "none");
});

test("what there is no engine for is refused with what there is", () => {
  for (const [gpu, platform] of [
    ["metal", "linux-x64"],
    ["cuda", "linux-arm64"],
    ["auto", "aix-ppc64"],
  ] as const) {
    assert.throws(() => chooseForm(gpu, platform, []), { code: "MODEL_ENGINE_UNSUPPORTED" });
  }
});

test("security: every package that is installed has its digest in the lock, and no other engine is named", () => {
  for (const gpu of ["cuda", "vulkan", "none"] as const) {
    const form = chooseForm(gpu, "linux-x64", []);
    const { own, lock } = toManifests(form);
    const { packages } = JSON.parse(JSON.stringify(lock)) as {
      packages: Record<string, { integrity?: string; dependencies?: object; optional?: boolean }>;
    };
    const { "": root, ...entries } = packages;
    assert.deepEqual(root?.dependencies, (own as { dependencies: object }).dependencies);
    for (const [path, entry] of Object.entries(entries)) {
      assert.match(entry.integrity ?? "", /^sha512-/, path);
    }
    const engines = Object.keys(entries).filter((path) => path.includes("@node-llama-cpp/"));
    assert.deepEqual(
      engines.toSorted(),
      form.packages.map((name) => `node_modules/@node-llama-cpp/${name}`).toSorted(),
    );
    assert.ok(engines.every((path) => entries[path]?.optional === undefined));
  }
});
