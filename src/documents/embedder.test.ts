import assert from "node:assert/strict";
import { test } from "node:test";

import { createDocumentsStage } from "../../test/fakes/documents-stage.ts";
import { createTestRouter, signal } from "../../test/fakes/router.ts";
import { Fault } from "../base/fault.ts";
import type { Candidate, Models } from "../models/candidate.ts";
import type { Locality } from "../protocol/event.ts";
import { createEmbedder } from "./embedder.ts";

/** What words have in common, as a model would have learnt it. */
const MEANINGS = [
  ["cat", "kitten", "feline"],
  ["car", "engine"],
  ["고양이", "cat"],
];

const vectorOf = (text: string) =>
  MEANINGS.map((words) => words.filter((word) => text.includes(word)).length).concat(0.01);

function createModels(
  rows: { ref: string; locality: Locality; embeds?: boolean }[],
  more: { fail?: (texts: readonly string[]) => Fault | false } = {},
) {
  const asked: { ref: string; texts: readonly string[]; private: boolean | undefined }[] = [];
  const models: Pick<Models, "list" | "route"> = {
    list: async () => ({
      models: rows.map(({ ref, locality, embeds = false }) => ({
        ref,
        provider: "x",
        locality,
        contextTokens: 512,
        scorecard: null,
        demonstration: false,
        usable: false,
        embeds,
      })),
      current: null,
      why: "",
      faults: [],
    }),
    route: async ({ picked = "", private: isPrivate }) => {
      const row = rows.find(({ ref }) => ref === picked);
      if (!row) throw new Fault("MODEL_MISSING", { provider: "x", model: picked });
      const embed = async ({ texts }: { texts: readonly string[] }) => {
        asked.push({ ref: picked, texts, private: isPrivate });
        const fault = more.fail?.(texts);
        if (fault) throw fault;
        return { vectors: texts.map(vectorOf), inputTokens: 1 };
      };
      const provider = {
        id: "x",
        baseUrl: "",
        listModels: async () => [],
        chat: async function* () {},
        embed,
      };
      const { ref, locality } = row;
      const model = { id: ref, locality };
      // What an embedder does not look at is left out.
      return [
        { ref, provider, model, locality, contextTokens: 512, params: {} } as unknown as Candidate,
      ];
    },
  };
  return { models, asked };
}

const now = () => 1;

test("a model of a server of one's own is taken by itself, and none beyond", async () => {
  const rows = [
    { ref: "x/chat", locality: "device" as const },
    { ref: "cloud/embed", locality: "cloud" as const, embeds: true },
    { ref: "litellm/embed", locality: "unknown" as const, embeds: true },
    { ref: "ollama/embed", locality: "device" as const, embeds: true },
  ];
  const { models } = createModels(rows);
  const find = (wanted: string) => createEmbedder({ models, wanted, now }).find(signal());
  assert.deepEqual(await find("auto"), { model: "ollama/embed" });
  assert.deepEqual(await find("off"), { why: "documents.embeddings is off" });
  assert.match(JSON.stringify(await find("x/gone")), /why.*gone/);
  const none = createEmbedder({ ...createModels(rows.slice(0, 3)), wanted: "auto", now });
  assert.match(JSON.stringify(await none.find(signal())), /no model server of yours/);
});

test("security: text of documents goes to no cloud, in any mode, also where config names one", async () => {
  for (const locality of ["cloud", "unknown"] as const) {
    const { models, asked } = createModels([{ ref: "far/embed", locality, embeds: true }]);
    const embedder = createEmbedder({ models, wanted: "far/embed", now });
    assert.match(JSON.stringify(await embedder.find(signal())), /beyond your own machines/);
    const texts = ["canary"];
    const of = { model: "far/embed", texts, person: "kim", priority: "person" as const };
    await assert.rejects(embedder.embed(of, signal()), { code: "MODEL_NONE" });
    assert.deepEqual(asked, []);
  }
  const config = {
    providers: {
      cloud: {
        api: "openai-completions",
        baseUrl: "https://api.example.com/v1",
        models: { embed: {} },
      },
    },
  };
  const { router, egress } = createTestRouter({ models: config, mode: "internet" });
  const embedder = createEmbedder({ models: router, wanted: "cloud/embed", now });
  assert.ok("why" in (await embedder.find(signal())));
  assert.deepEqual(
    egress.sent.filter(({ url }) => url.includes("example")),
    [],
  );
  await router.route({ picked: "cloud/embed" }, signal()).catch(() => undefined);
  assert.ok(
    egress.sent.some(({ url }) => url.includes("example")),
    "the control: a chat would go there",
  );
});

test("documents are found by what they mean, and only new passages are sent to the model", async () => {
  const { models, asked } = createModels([
    { ref: "ollama/embed", locality: "device", embeds: true },
  ]);
  const stage = await createDocumentsStage({
    embedder: createEmbedder({ models, wanted: "auto", now }),
  });
  try {
    const path = stage.folder("notes", {
      "a.md": "a kitten sleeps",
      "b.md": "an engine runs",
      "c.md": "nothing",
    });
    const done = await stage.add(path);
    assert.deepEqual([done.folder.passages, done.folder.vectors], [3, 3]);
    assert.deepEqual(await stage.find("feline"), ["notes/a.md:1"]);
    assert.deepEqual(await stage.find("고양이"), []);
    const sent = asked.flatMap(({ texts }) => texts).filter((text) => / /.test(text));
    assert.equal(sent.length, 2);
    assert.ok(
      asked.every((one) => one.private),
      "as for a private session",
    );
    await stage.add(stage.folder("notes", { "d.md": "the cat again" }));
    assert.deepEqual(asked.at(-1)?.texts, ["the cat again"]);
    assert.deepEqual(await stage.find("feline"), ["notes/a.md:1", "notes/d.md:1"]);
  } finally {
    await stage.close();
  }
});

test("of a passage that is too long for its model the beginning counts", async () => {
  const fail = (texts: readonly string[]) => texts.some((text) => text.length > 300) && TOO_LONG;
  const { models } = createModels([EMBED], { fail });
  const stage = await createDocumentsStage({
    embedder: createEmbedder({ models, wanted: "auto", now }),
  });
  try {
    const text = `a kitten ${"word ".repeat(150)}`;
    const done = await stage.add(stage.folder("notes", { "a.md": text, "b.md": "an engine" }));
    assert.deepEqual([done.warning, done.folder.vectors], [undefined, 2]);
    assert.deepEqual(await stage.find("feline"), ["notes/a.md:1"]);
  } finally {
    await stage.close();
  }
});

const EMBED = { ref: "ollama/embed", locality: "device" as const, embeds: true };
const TOO_LONG = new Fault("MODEL_CONTEXT_EXCEEDED", { provider: "x", detail: "too long" });

test("a model that fails is a warning, and the words are searched all the same", async () => {
  const fail = () => new Fault("MODEL_REFUSED", { provider: "x", detail: "no" });
  const { models } = createModels([{ ref: "ollama/embed", locality: "device", embeds: true }], {
    fail,
  });
  const stage = await createDocumentsStage({
    embedder: createEmbedder({ models, wanted: "auto", now }),
  });
  try {
    const done = await stage.add(stage.folder("notes", { "a.md": "a kitten sleeps" }));
    assert.equal(done.warning?.code, "MODEL_REFUSED");
    assert.deepEqual(await stage.find("kitten"), ["notes/a.md:1"]);
  } finally {
    await stage.close();
  }
});
