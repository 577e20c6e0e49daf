import assert from "node:assert/strict";
import { test } from "node:test";

import { createTestTerminal } from "../../../../test/fakes/terminal.ts";
import { agentSettings } from "../../../agent/settings.ts";
import { Fault } from "../../../base/fault.ts";
import type { ModelList } from "../../../protocol/api.ts";
import type { KeepingEvent, LoadedModels, ModelDetails } from "../../../protocol/model-keeping.ts";
import type { Client } from "../../client.ts";
import type { Call, Command, Host } from "../../command.ts";
import { modelsList } from "./list.ts";
import { modelsLoad } from "./load.ts";
import { modelsPs } from "./ps.ts";
import { modelsPull } from "./pull.ts";
import { modelsRemove } from "./rm.ts";
import { modelsUse } from "./use.ts";

const signal = new AbortController().signal;
const REF = "ollama/qwen3:8b";

type Given = {
  client?: Partial<Client>;
  host?: Partial<Host>;
  args?: string[];
  options?: Call["options"];
  terminal?: ReturnType<typeof createTestTerminal>;
  within?: Call["within"];
};

async function run(command: Command, given: Given) {
  const terminal = given.terminal ?? createTestTerminal();
  const host: Partial<Host> = {
    withGateway: (work) => work(given.client as Client), // as much of it as the command asks
    running: async () => undefined,
    ...given.host,
  };
  const code = await command.run({
    args: given.args ?? [REF],
    options: given.options ?? {},
    host: host as Host, // the same
    terminal,
    within: given.within ?? ((work) => work(signal)),
    signal,
  });
  return { code, terminal };
}

async function* stream(...events: KeepingEvent[]) {
  yield* events;
}

const LIST: ModelList = {
  models: [
    {
      ref: REF,
      provider: "ollama",
      locality: "device",
      contextTokens: 8192,
      vision: true,
      scorecard: null,
      demonstration: false,
      usable: true,
    },
  ],
  current: REF,
  why: "it runs here",
  faults: [{ code: "MODEL_UNREACHABLE", message: "Cannot reach it", fix: "Start it" }],
};

test("models list --json is an array for scripts; what a server said wrong goes to standard error", async () => {
  const { code, terminal } = await run(modelsList, {
    client: { models: async () => LIST },
    options: { json: true },
  });
  const [model] = JSON.parse(terminal.out());
  assert.deepEqual([code, model.ref, model.current, model.scorecard], [0, REF, true, null]);
  assert.match(terminal.err(), /MODEL_UNREACHABLE/);
});

test("models ps shows the share on the card, and the warning with its fix", async () => {
  const loaded: LoadedModels = {
    models: [
      {
        ref: REF,
        provider: "ollama",
        locality: "device",
        state: "loaded",
        contextTokens: 8192,
        sizeBytes: 6e9,
        gpuShare: 0.4,
        until: null,
        warning: new Fault("MODEL_ON_CPU", { ref: REF, gpuPercent: 40 }).toJSON(),
      },
    ],
    silent: ["mlx"],
    faults: [],
  };
  const { terminal } = await run(modelsPs, { client: { loadedModels: async () => loaded } });
  assert.match(terminal.out(), /ollama\/qwen3:8b\|device\|8192\|6\.0 GB\|40%\|\|for good/);
  assert.match(terminal.err(), /MODEL_ON_CPU.*\n.*fix.*models fit[^]*mlx/);
});

test("models load tells what it is about, and then what was really loaded", async () => {
  const loaded = { ref: REF, provider: "ollama", locality: "device", state: "loaded" } as const;
  const loadModel = () =>
    stream(
      { type: "progress", text: "loading" },
      { type: "done", ref: REF, seconds: 4, loaded: { ...loaded, contextTokens: 8192 } },
    );
  const { terminal } = await run(modelsLoad, { client: { loadModel } });
  assert.deepEqual(terminal.passed(), ["loading"]);
  assert.match(terminal.out(), /is loaded \(4 s\): 8192 tokens of context/);
});

test("a load that fails in the middle is that fault; one whose answer is cut off says so", async () => {
  const failed = new Fault("MODEL_REFUSED", { provider: "ollama", detail: "no" }).toJSON();
  const fails = () => stream({ type: "failed", ...failed });
  await assert.rejects(run(modelsLoad, { client: { loadModel: fails } }), {
    code: "MODEL_REFUSED",
  });
  const cut = () => stream({ type: "progress", text: "loading" });
  await assert.rejects(run(modelsLoad, { client: { loadModel: cut } }), { code: "GATEWAY_SILENT" });
});

test("models pull draws how far it is, how fast, and what is left", async () => {
  const half = { doneBytes: 2.6e9, totalBytes: 5.2e9, bytesPerSecond: 3.4e7, secondsLeft: 76 };
  const pullModel = () =>
    stream(
      { type: "progress", text: "downloading", ...half },
      { type: "done", ref: REF, seconds: 90 },
    );
  const { code, terminal } = await run(modelsPull, { client: { pullModel }, args: ["qwen3:8b"] });
  assert.equal(code, 0);
  assert.deepEqual(terminal.passed(), [
    "downloading  [##########----------] 50%  2.6 GB of 5.2 GB  34.0 MB/s  1 min 16 s left",
  ]);
});

test("Ctrl-C in a pull says that nothing is lost, and how to go on", async () => {
  const { code, terminal } = await run(modelsPull, { within: async () => undefined });
  assert.equal(code, 130);
  assert.match(terminal.err(), /same command goes on/);
});

test("Ctrl-C in a pull that its server goes on with says that", async () => {
  const pullModel = () => stream({ type: "progress", text: "downloading", goesOn: true });
  const within: Call["within"] = async (work) => {
    await work(signal).catch(() => undefined); // the stream was cut by the interrupt
    return undefined;
  };
  const { code, terminal } = await run(modelsPull, { client: { pullModel }, within });
  assert.equal(code, 130);
  assert.match(terminal.err(), /goes on with the download/);
});

function removal() {
  const removed: [string, boolean][] = [];
  const client: Partial<Client> = {
    showModel: async () => ({ ref: REF, sizeBytes: 5.2e9 }) as ModelDetails, // what the question needs
    removeModel: async (ref, force) => (removed.push([ref, force]), { ref }),
  };
  return { removed, client };
}

test("models rm asks with the name and the size, and takes nothing but yes for yes", async () => {
  for (const [answer, deletes] of [
    ["y", 1],
    ["yes", 1],
    ["", 0],
    ["n", 0],
    ["yesterday", 0],
  ] as const) {
    const { removed, client } = removal();
    const terminal = createTestTerminal({ interactive: true, answers: [answer] });
    const { code } = await run(modelsRemove, { client, terminal });
    assert.deepEqual([removed.length, code], [deletes, 1 - deletes], answer);
    assert.match(terminal.err(), /ollama\/qwen3:8b \(5\.2 GB\)\? This cannot be undone/);
  }
});

test("security: models rm deletes nothing where nobody can be asked, but with --yes", async () => {
  const { removed, client } = removal();
  await assert.rejects(run(modelsRemove, { client }), { code: "MODEL_REMOVE_UNASKED" });
  assert.deepEqual(removed, []);
  await run(modelsRemove, { client, options: { yes: true } });
  assert.deepEqual(removed, [[REF, false]]);
});

test("models use --for writes one key, of a model that is there and an agent that is there", async () => {
  const written: [string, unknown][] = [];
  const read = () => ({
    entries: { worker: {} },
    defaults: written[0] ? { heartbeat: { model: { primary: written[0][1] } } } : {},
  });
  const config = async () =>
    ({ config: { get: () => agentSettings.schema.parse(read()) } }) as unknown as Awaited<
      ReturnType<Host["config"]>
    >; // as much of it as is asked
  const host: Partial<Host> = {
    config,
    editConfig: async (path, value) => (written.push([path, value]), { file: "isopod.json" }),
  };
  const { client } = removal();
  const { terminal } = await run(modelsUse, { client, host, options: { for: "heartbeat" } });
  assert.deepEqual(written, [["agents.defaults.heartbeat.model.primary", REF]]);
  assert.match(terminal.out(), /next start/);
  const slip = run(modelsUse, { client, host, options: { for: "wroker" } });
  await assert.rejects(slip, { code: "NOT_FOUND" });
});
