/** What manages models, for tests of what stands before it: it writes down what it is asked. */

import { Fault } from "../../src/base/fault.ts";
import type { ModelFit } from "../../src/protocol/model-fit.ts";
import type { EngineInstaller } from "../../src/models/engine/installer.ts";
import type { Keeping } from "../../src/models/keeping/keeping.ts";

const LOCAL = { provider: "fake", locality: "device" };

export const createFakeKeeping = (did: string[]): Keeping => ({
  servers: async () => [],
  loaded: async () => ({ models: [], silent: ["fake"], faults: [] }),
  async *load(ref) {
    did.push(`load ${ref}`);
    yield { type: "progress", text: "loading" };
    if (ref === "fake/large") throw new Fault("MODEL_REFUSED", { provider: "fake", detail: "no" });
    yield { type: "done", ref, seconds: 1 };
  },
  async unload(ref) {
    did.push(`unload ${ref}`);
    return { ref };
  },
  show: async (ref) => ({ ref, ...LOCAL, why: "it is a fake", contextTokens: 8192, params: {} }),
  look: () => Promise.reject(new Error("not used by these tests")),
  async *pull({ name }) {
    did.push(`pull ${name}`);
    if (name === "offline")
      throw new Fault("MODEL_PULL_OFFLINE", { name, mode: "private", capped: false });
    yield { type: "progress", text: "downloading", doneBytes: 1, totalBytes: 2 };
    yield { type: "done", ref: `fake/${name}`, seconds: 1 };
  },
  async remove({ ref, force }) {
    did.push(`remove ${ref} ${force}`);
    return { ref };
  },
});

/** A machine that holds nothing. */
export const NO_FIT: ModelFit = {
  machine: {
    system: "linux",
    processor: "a fake",
    ramBytes: 0,
    gpus: [],
    unified: false,
    usable: { gpuBytes: 0, ramBytes: 0 },
  },
  models: [],
  warnings: [],
};

/** An engine for GGUF files that is not installed, and cannot be. */
export const NO_ENGINE: EngineInstaller = {
  status: () => ({ folder: "/nowhere", wanted: "3.22.1", installed: null }),
  // oxlint-disable-next-line require-yield -- it fails before it has anything to tell
  async *install() {
    throw new Fault("MODEL_ENGINE_OFFLINE", { mode: "private", capped: false });
  },
  remove: async () => ({ removed: false }),
};
