import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";

import type { FakeModel } from "../../../test/fakes/model-server.ts";
import { Fault } from "../../base/fault.ts";
import { toTargets } from "../discovery.ts";
import { chatRequest, collect } from "../provider.conformance.ts";
import {
  createTestRouter,
  DEMO,
  ollama,
  OWN,
  refs,
  signal,
  SMALL,
} from "../../../test/fakes/router.ts";

test("security: what is not proved to be on this device is never chosen by itself", async (t) => {
  const cloud = await ollama(t, [
    { name: "gpt-oss:120b-cloud" },
    { name: "x", remoteHost: "https://ollama.com" },
  ]);
  const made = createTestRouter({ targets: [cloud.target], demonstration: DEMO });
  assert.deepEqual(await refs(made.router), ["embedded/demo"]);
  assert.equal(made.router.notes().length, 2);

  const real = await ollama(t, [SMALL]);
  for (const listener of [{ uid: 1001 }, { uid: OWN, program: "ssh" }, undefined]) {
    const { router } = createTestRouter({
      targets: [real.target],
      demonstration: DEMO,
      listener,
      mode: "internet",
    });
    assert.deepEqual(await refs(router), ["embedded/demo"], JSON.stringify(listener));
  }
});

test("security: after its server went away, a port has to prove anew who listens there", async (t) => {
  const { target } = await ollama(t, [SMALL]);
  const { router, state, clock } = createTestRouter({ targets: [target], demonstration: DEMO });
  assert.deepEqual(await refs(router), ["ollama/qwen3:8b"]);
  state.listener = { uid: 1001, program: "thief" };
  await clock.advance(61_000);

  assert.deepEqual(await refs(router), ["embedded/demo"]);
});

test("security: a mode masks what it does not reach, before a byte is sent, and says how to allow it", async () => {
  const models = {
    providers: {
      lan: { api: "ollama", baseUrl: "http://192.168.7.7:11434" },
      cloud: { api: "openai-completions", baseUrl: "https://api.example.com/v1" },
    },
  };
  const device = createTestRouter({ models, mode: "device" });
  await assert.rejects(device.router.route({ picked: "lan/qwen3" }, signal()), {
    code: "MODEL_NOT_ALLOWED",
    fix: /isopod mode set private/,
  });
  const priv = createTestRouter({ models });
  await assert.rejects(priv.router.route({ picked: "cloud/gpt" }, signal()), {
    code: "MODEL_NOT_ALLOWED",
    fix: /isopod mode set internet/,
  });

  assert.deepEqual(
    [...device.egress.sent, ...priv.egress.sent].filter(({ url }) => /7\.7|example/.test(url)),
    [],
  );
});

test("under `offline: true` the way to a cloud begins with that, and not with a mode that cannot be set", async () => {
  const cloud = { api: "openai-completions", baseUrl: "https://api.example.com/v1" };
  const models = { providers: { cloud } };
  const capped = createTestRouter({ models, cap: "private" });
  await assert.rejects(capped.router.route({ picked: "cloud/gpt" }, signal()), {
    code: "MODEL_NOT_ALLOWED",
    fix: /`offline: true` in the config forbids that: remove it, restart, then type `isopod mode set/,
  });
  const free = createTestRouter({ models, cap: "internet" });
  await assert.rejects(free.router.route({ picked: "cloud/gpt" }, signal()), {
    fix: "Allow it with `isopod mode set internet`", // the control
  });
});

test("security: no list, choice or search asks what the mode does not reach, not even for its name", async () => {
  const cloud = { api: "openai-completions", baseUrl: "https://api.example.com/v1" };
  const declared = { ...cloud, baseUrl: "http://box.example.net/v1", locality: "cloud" };
  const env = { OLLAMA_HOST: "https://ollama.example.org" };
  const { router, egress, state } = createTestRouter({
    models: { providers: { cloud, declared } },
    targets: toTargets(env).filter(({ named }) => named),
    demonstration: DEMO,
  });
  const list = await router.list(signal());
  assert.deepEqual(await refs(router), ["embedded/demo"]);
  await router.current(signal());
  assert.deepEqual(
    egress.sent.filter(({ url }) => url.includes("example")),
    [],
  );
  assert.deepEqual(
    list.faults.map(({ code }) => code),
    ["MODEL_NOT_ALLOWED", "MODEL_NOT_ALLOWED"],
  );
  assert.match(
    router
      .notes()
      .map(({ text }) => text)
      .join("\n"),
    /OLLAMA_HOST.*mode set internet/,
  );

  state.mode = "internet"; // the control
  await router.list(signal());
  assert.deepEqual(
    new Set(
      egress.sent
        .map(({ url }) => new URL(url).hostname)
        .filter((host) => host.includes("example")),
    ),
    new Set(["api.example.com", "box.example.net"]),
  );
});

test("security: a cloud model behind localhost is masked in mode private, whatever config declares", async (t) => {
  const { server } = await ollama(t, [{ name: "gpt-oss:120b-cloud" }]);
  const provider = { api: "ollama", baseUrl: server.url, locality: "device" };
  const { router } = createTestRouter({ models: { providers: { ollama: provider } } });

  await assert.rejects(router.route({ picked: "ollama/gpt-oss:120b-cloud" }, signal()), {
    code: "MODEL_NOT_ALLOWED",
  });
});

test("security: a key of config goes to its own address only, never to what discovery looks at", async (t) => {
  const { target, server } = await ollama(t, [SMALL]);
  const { router, egress } = createTestRouter({
    targets: [target],
    demonstration: DEMO,
    models: {
      providers: { mine: { api: "ollama", baseUrl: "http://127.0.0.1:9", apiKey: "secret" } },
    },
    apiKeyOf: () => "secret",
  });
  await router.list(signal());
  const withKey = egress.sent.filter(({ headers }) => JSON.stringify(headers).includes("secret"));

  assert.ok(withKey.length > 0);
  assert.deepEqual(
    withKey.filter(({ url }) => url.startsWith(server.url)),
    [],
  );
});

test("a declared locality opens a name that looks public, for the guard to check", async () => {
  const provider = { api: "ollama", baseUrl: "http://gpu.example.com:11434", locality: "lan" };
  const { router, egress } = createTestRouter({ models: { providers: { gpu: provider } } });
  await assert.rejects(router.route({ picked: "gpu/qwen3" }, signal()), {
    code: "MODEL_UNREACHABLE",
  });

  assert.ok(egress.sent.length > 0);
});

test("security: a mode that was narrowed since the route was chosen keeps the next request of it from being sent", async (t) => {
  const { server } = await ollama(t, [{ name: "gpt-oss:120b-cloud" }, SMALL]);
  const providers = {
    ollama: { api: "ollama", baseUrl: server.url },
  };
  const { router, egress, state } = createTestRouter({ models: { providers }, mode: "internet" });
  const route = async (picked: string) => {
    const [candidate] = await router.route({ picked }, signal());
    assert.ok(candidate);
    return candidate;
  };
  const [cloud, near] = [await route("ollama/gpt-oss:120b-cloud"), await route("ollama/qwen3:8b")];
  const say = ({ provider, model }: typeof cloud) =>
    collect(provider, chatRequest({ model: model.id }));
  await say(cloud); // the control
  const chats = () => egress.sent.filter(({ url }) => url.endsWith("/api/chat")).length;
  assert.equal(chats(), 1);

  state.mode = "private";
  await assert.rejects(say(cloud), { code: "MODEL_NOT_ALLOWED" });
  const embed = cloud.provider.embed?.(
    { model: cloud.model.id, texts: ["secret"], contextTokens: 2048 },
    signal(),
  );
  await assert.rejects(embed ?? Promise.resolve(), { code: "MODEL_NOT_ALLOWED" });
  assert.equal(chats(), 1);
  await say(near);
  assert.equal(chats(), 2);
});

test("security: an answer that streams from a cloud behind this machine is cut when the mode is narrowed", async (t) => {
  const slow = { otherwise: [{ text: "one" }, { hang: true as const }] };
  const { server } = await ollama(t, [{ name: "gpt-oss:120b-cloud" }, SMALL], slow);
  const providers = { ollama: { api: "ollama", baseUrl: server.url } };
  for (const picked of ["ollama/gpt-oss:120b-cloud", "ollama/qwen3:8b"]) {
    const { router, setMode } = createTestRouter({ models: { providers }, mode: "internet" });
    const [candidate] = await router.route({ picked }, signal());
    const stop = new AbortController();
    const reading = async () => {
      const request = chatRequest({ model: candidate?.model.id ?? "" });
      for await (const { type } of candidate?.provider.chat(request, stop.signal) ?? []) {
        if (type !== "text") continue;
        setMode("private");
        await setImmediate();
        if (picked.includes("qwen3")) stop.abort("it was let go on");
      }
    };
    // The control is the model on this machine: no mode cuts it, so that the test has to.
    const isCut = picked.includes("cloud");
    await assert.rejects(reading(), (error) =>
      isCut
        ? error instanceof Fault && error.code === "MODEL_NOT_ALLOWED"
        : error === "it was let go on",
    );
    assert.equal(router.queues()[0]?.running, 0);
  }
});

test("security: a local name that was given to a cloud model is seen within a minute, before a prompt is sent", async (t) => {
  const models: FakeModel[] = [{ ...SMALL }];
  const { server } = await ollama(t, models);
  const providers = { ollama: { api: "ollama", baseUrl: server.url } };
  const { router, clock } = createTestRouter({ models: { providers } });
  assert.deepEqual(await refs(router, "ollama/qwen3:8b"), ["ollama/qwen3:8b"]);
  models[0] = { ...SMALL, remoteHost: "https://ollama.com" }; // `ollama cp gpt-oss:120b-cloud qwen3:8b`
  await clock.advance(60_000);
  await assert.rejects(refs(router, "ollama/qwen3:8b"), { code: "MODEL_NOT_ALLOWED" });
});
