import assert from "node:assert/strict";
import { test } from "node:test";

import { createScriptedModel } from "../../../test/fakes/scripted-model.ts";
import type { Scorecard } from "../../protocol/scorecard.ts";
import type { Candidate } from "../candidate.ts";
import { createApplyScorecard } from "./apply.ts";

const card = (more: Partial<Scorecard> = {}): Scorecard => ({
  ref: "fake/model",
  server: "http://fake.test",
  digest: "none:model::",
  measuredAt: 1,
  tookMs: 1,
  extent: "standard",
  mode: "native",
  why: "it does all that is needed",
  checks: [],
  speed: { by: "clock" },
  ...more,
});

function applied(
  known: Scorecard | undefined,
  { supportsTools, settable = false }: { supportsTools?: boolean; settable?: boolean } = {},
  traits: Partial<Candidate> = {},
) {
  const { candidate } = createScriptedModel([], { contextTokens: 8_192, ...traits });
  const apply = createApplyScorecard({ cards: { of: () => known }, newCallId: () => "id" });
  return { before: candidate, after: apply(candidate, { supportsTools, settable }), apply };
}

test("without a scorecard a model is used as its server says", () => {
  assert.equal(applied(undefined).after.toolMode, "native");
  assert.equal(applied(undefined, {}, { tools: false }).after.toolMode, "chat");
});

test("a card of constrained puts the forced form before the provider, the same one each time", () => {
  const { before, after, apply } = applied(card({ mode: "constrained" }), {}, { tools: false });

  assert.equal(after.tools, true);
  assert.equal(after.unforced, before.provider);
  assert.notEqual(after.provider, before.provider);
  const again = apply(before, { supportsTools: undefined, settable: false });
  assert.equal(again.provider, after.provider);
});

test("a card of chat takes the tools away, whatever the server says", () => {
  assert.equal(applied(card({ mode: "chat" })).after.tools, false);
});

test("what config says of tools comes before what was measured", () => {
  const forced = card({ mode: "constrained" });

  assert.equal(applied(forced, { supportsTools: true }).after.toolMode, "native");
  assert.equal(applied(forced, { supportsTools: false }).after.toolMode, "chat");
});

test("a window that was found to be cut is believed, where the server has fixed it", () => {
  const context = {
    claimedTokens: 8_192,
    heldTokens: 2_048,
    triedTokens: 4_096,
    limit: "",
    sizes: [],
  };
  const cut = (cutAtTokens: number) => card({ context: { ...context, cutAtTokens } });

  assert.equal(applied(cut(3_000)).after.contextTokens, 3_000);
  assert.equal(applied(cut(3_000), { settable: true }).after.contextTokens, 8_192);
  assert.equal(applied(cut(100)).after.contextTokens, 8_192);
});
