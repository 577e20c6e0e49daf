import assert from "node:assert/strict";
import { test } from "node:test";

import { hashOf, toCommand } from "./command.ts";
import { LocalService } from "./settings.ts";

const confine = { canConfine: true };
const make = (id: string, baseUrl: string, service: object = {}, api?: string) =>
  toCommand({ id, baseUrl, api, service: LocalService.parse(service) }, confine);

test("each product is started in its own words, on the port of its baseUrl, with the user's arguments", () => {
  const at = "http://127.0.0.1:9999/v1";
  const words = (id: string, args: string[]) => {
    const { command, args: all } = make(id, at, { args });
    return [command, ...all].join(" ");
  };
  assert.equal(
    words("llamacpp", ["-m", "a.gguf"]),
    "llama-server -m a.gguf --host 127.0.0.1 --port 9999",
  );
  assert.equal(
    words("vllm", ["Qwen/Qwen3-8B", "--tensor-parallel-size", "2"]),
    "vllm serve Qwen/Qwen3-8B --tensor-parallel-size 2 --host 127.0.0.1 --port 9999",
  );
  assert.equal(
    words("sglang", ["--model-path", "m"]),
    "python3 -m sglang.launch_server --model-path m --host 127.0.0.1 --port 9999",
  );
  assert.equal(
    words("mlx", ["--model", "m"]),
    "mlx_lm.server --model m --host 127.0.0.1 --port 9999",
  );
  assert.equal(words("llamacpp", ["--port=1"]), "llama-server --port=1");
});

test("Ollama is told by its environment where to listen and what to keep", () => {
  const service = { keepAlive: -1, parallel: 2, maxLoadedModels: 1 };
  const { command, args, env } = make("gpu", "http://localhost:11435", service, "ollama");
  assert.deepEqual([command, ...args], ["ollama", "serve"]);
  assert.equal(env["OLLAMA_HOST"], "127.0.0.1:11435");
  assert.equal(env["OLLAMA_KEEP_ALIVE"], "-1");
  assert.equal(env["OLLAMA_NUM_PARALLEL"], "2");
  assert.equal(env["OLLAMA_MAX_LOADED_MODELS"], "1");
});

test("a program of the user's own is started as it is", () => {
  const service = { command: "/opt/serve", args: ["--x"], cwd: "/models", env: { A: "1" } };
  const { command, args, env, cwd } = make("mine", "http://127.0.0.1:1/v1", service);
  assert.deepEqual([command, ...args], ["/opt/serve", "--x"]);
  assert.equal(env["A"], "1");
  assert.equal(cwd, "/models");
  assert.throws(() => make("mine", "http://127.0.0.1:1/v1"), { code: "MODEL_SERVICE_FAILED" });
});

test("security: a server behind a Unix socket gets no network, and none is told to ask the internet", () => {
  const { command, args, env, network } = make("llamacpp", "unix:/run/m.sock:/v1", {
    args: ["-m", "a"],
  });
  assert.equal(command, "bwrap");
  assert.ok(args.includes("--unshare-net"));
  assert.deepEqual(args.slice(-5), ["llama-server", "-m", "a", "--host", "/run/m.sock"]);
  assert.equal(network, "none");
  for (const name of ["HF_HUB_OFFLINE", "VLLM_NO_USAGE_STATS", "OLLAMA_NO_CLOUD"]) {
    assert.equal(env[name], "1");
  }
});

test("security: nothing is started for an address on another machine", () => {
  assert.throws(() => make("vllm", "http://192.168.1.9:8000/v1"), {
    code: "MODEL_SERVICE_FAILED",
    message: /not on this machine/,
  });
});

test("security: every word that decides what runs changes the hash", () => {
  const base = {
    command: "a",
    args: ["b", "c"],
    env: { A: "1" },
    cwd: "/",
    network: "host",
  } as const;
  const other = [
    { ...base, command: "ab", args: ["c"] },
    { ...base, args: ["b c"] },
    { ...base, args: ["c", "b"] },
    { ...base, env: { A: "2" } },
    { ...base, env: { A: "1", LD_PRELOAD: "x" } },
    { ...base, cwd: "/tmp" },
    { ...base, network: "none" as const },
  ];
  const hashes = [base, ...other].map((one) => hashOf({ ...one, args: [...one.args] }));
  assert.equal(new Set(hashes).size, hashes.length);
});
