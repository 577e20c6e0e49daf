/** A model goes from one true Ollama into another one that runs, with no registry: the second lists and asks it. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { systemClock } from "../../src/base/clock.ts";
import { dialects } from "../../src/models/providers.ts";
import { createEgress } from "../../src/network/guard.ts";
import { openDoors } from "../../src/process/doors.ts";
import { copyModel } from "../../src/relay/copy.ts";
import { createStore } from "../../src/relay/ollama-store.ts";
import { createShareStage } from "../fakes/share-stage.ts";
import { createChildren } from "./children.ts";
import { CONTEXT, GREETING } from "./demonstration.ts";
import { createFolders, peersRoot } from "./folders.ts";
import { ollama, programOf } from "./ollama.ts";
import { freePort } from "./ports.ts";
import { skipWithout } from "./with-peer.ts";

const folders = createFolders(peersRoot(process.env));
const absent = "Ollama is not installed: npm run peers -- install ollama";
const skip = skipWithout(ollama.version(folders), absent, folders);
const { signal } = new AbortController();

type Listed = { models: { name: string; digest: string }[] };

test(
  "a model copied between two true Ollamas has the same digest there, and answers",
  { skip },
  async (t) => {
    const children = createChildren();
    const scratch = mkdtempSync(join(tmpdir(), "isopod-copy-"));
    t.after(async () => {
      await children.stop();
      rmSync(scratch, { recursive: true, force: true, maxRetries: 3 });
    });
    const first = await ollama.start(
      { folders, children, port: await freePort(), scratch },
      signal,
    );
    const second = `http://127.0.0.1:${await freePort()}`;
    const models = join(scratch, "second/models");
    const env = { ...process.env, HOME: join(scratch, "second"), OLLAMA_MODELS: models };
    const own = { ...env, OLLAMA_HOST: new URL(second).host, OLLAMA_NO_CLOUD: "1" };
    const url = `${second}/api/version`;
    await children.serve(programOf(folders), ["serve"], { url, scratch, env: own, signal });

    const storeFolder = join(scratch, "models");
    const stage = await createShareStage(t, { baseUrl: first.baseUrl, storeFolder });
    const { token } = await stage.pair(["read"]);
    const egress = createEgress({
      doors: openDoors,
      policy: () => ({ mode: "device", hosts: [] }),
      ledger: { append() {} },
      clock: systemClock,
      pinOf: (server) =>
        server.endsWith(`:${stage.port}`)
          ? (found) => found === stage.share.status().pin
          : undefined,
    });
    t.after(() => egress.close());
    const listed = async (base: string) => {
      const asked = { url: `${base}/api/tags`, purpose: "test", signal };
      return (JSON.parse(await (await egress.request(asked)).text()) as Listed).models;
    };
    assert.deepEqual(await listed(second), [], "the second one has nothing yet");

    const from = {
      id: "desk",
      url: `https://127.0.0.1:${stage.port}`,
      headers: { authorization: `Bearer ${token}` },
    };
    const options = { egress, store: createStore(models), clock: systemClock };
    await Array.fromAsync(copyModel(from, first.model, options, signal));

    const digests = async (base: string) =>
      (await listed(base)).map(({ name, digest }) => [name, digest]);
    assert.deepEqual(await digests(second), await digests(first.baseUrl));
    const provider = dialects.ollama({ id: "p", baseUrl: second, egress, newCallId: () => "own" });
    const request = {
      model: first.model,
      system: "",
      tools: [],
      messages: [{ role: "user" as const, text: GREETING.asked }],
      contextTokens: CONTEXT,
      maxTokens: 20,
      params: { temperature: 0 },
    };
    const events = await Array.fromAsync(provider.chat(request, signal));
    const said = events.map((event) => (event.type === "text" ? event.text : "")).join("");
    assert.ok(said.startsWith(GREETING.begins), said);
  },
);
