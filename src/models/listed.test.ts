import assert from "node:assert/strict";
import { test } from "node:test";

import { createTestRouter, ollama, signal } from "../../test/fakes/router.ts";
import { toListed } from "./listed.ts";

test("security: a listing is taken as far as it can be meant: no names that break lines, no windows of 1e308", () => {
  const model = (id: string, contextTokens?: number) =>
    ({ id, locality: "unknown", ...(contextTokens !== undefined && { contextTokens }) }) as const;
  const listed = toListed([
    model("good", 8192.7),
    model("huge", 1e308),
    model("a\nb"),
    model("\u001b]0;title\u0007"),
    model("x".repeat(301)),
  ]);
  assert.deepEqual(listed, [
    { id: "good", locality: "unknown", contextTokens: 8192 },
    { id: "huge", locality: "unknown" },
  ]);
});

test("security: a listing of a hundred thousand models is not asked about one by one", async (t) => {
  const models = Array.from({ length: 100_000 }, (_, at) => ({ name: `m${at}` }));
  const { server, target } = await ollama(t, models);
  const { router, egress } = createTestRouter({ targets: [target] });
  const list = await router.list(signal());
  assert.ok(list.models.length <= 5_000, `${list.models.length}`);
  const shows = egress.sent.filter(({ url }) => url === `${server.url}/api/show`);
  assert.ok(shows.length <= 1_000, `${shows.length}`);
});
