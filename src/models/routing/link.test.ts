import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";

import { startOllama } from "../../../test/fakes/ollama.ts";
import { createTestRouter, refs, signal } from "../../../test/fakes/router.ts";
import type { Link, Mode } from "../../protocol/event.ts";

/** Two servers, said to be in the cloud and on the LAN, and one here; each counts what it is asked. */
async function create(t: TestContext, mode: Mode = "internet") {
  const start = async () => {
    const server = await startOllama({ models: [{ name: "m" }] });
    t.after(() => server.close());
    return server;
  };
  const [cloud, lan, here] = await Promise.all([start(), start(), start()]);
  const seen = { link: "online" as Link, reason: "so it is" };
  const { router } = createTestRouter({
    models: {
      mode: "replace",
      providers: {
        cloud: { api: "ollama", baseUrl: cloud.url, locality: "cloud" },
        lan: { api: "ollama", baseUrl: lan.url, locality: "lan" },
        here: { api: "ollama", baseUrl: here.url, locality: "device" },
      },
    },
    chain: { primary: "cloud/m", fallbacks: ["lan/m", "here/m"] },
    mode,
    reach: () => seen,
  });
  return { router, seen, cloud, lan };
}

test("what nothing leads to is left out with its reason, and is back with the link", async (t) => {
  const { router, seen } = await create(t);
  const expected: Record<Link, string[]> = {
    "no-link": ["here/m"],
    local: ["lan/m", "here/m"],
    portal: ["lan/m", "here/m"],
    degraded: ["lan/m", "here/m"],
    unknown: ["cloud/m", "lan/m", "here/m"],
    online: ["cloud/m", "lan/m", "here/m"],
  };
  for (const link of Object.keys(expected) as Link[]) {
    seen.link = link;
    assert.deepEqual(await refs(router), expected[link], link);
  }
  seen.link = "degraded";
  const onlyCloud = { chain: { primary: "cloud/m", fallbacks: [] } };
  const [tried] = await router.route(onlyCloud, signal());
  assert.equal(tried?.ref, "cloud/m", "where nobody else is there, it is worth a try");
  assert.deepEqual(await refs(router, "cloud/m"), ["cloud/m"]);
  seen.link = "local";
  const [first] = await router.route({}, signal());
  assert.equal(first?.insteadOf?.code, "MODEL_LINK_DOWN");
  assert.match(first?.insteadOf?.message ?? "", /no way to the internet \(so it is\)/);
});

test("a model that a person picked says at once why it cannot be asked", async (t) => {
  const { router, seen } = await create(t);
  seen.link = "no-link";
  await assert.rejects(refs(router, "lan/m"), { code: "MODEL_LINK_DOWN" });
  await assert.rejects(refs(router, "cloud/m"), { code: "MODEL_LINK_DOWN" });
  assert.deepEqual(await refs(router, "here/m"), ["here/m"]);
});

test("security: behind a portal the cloud's server is asked nothing, not even what it has; online it is", async (t) => {
  const { router, seen, cloud } = await create(t);
  seen.link = "portal";
  await router.route({}, signal());
  await router.list(signal());
  await assert.rejects(refs(router, "cloud/m"));
  assert.equal(cloud.requests.length, 0);
  seen.link = "online";
  await router.list(signal());
  assert.ok(cloud.requests.length > 0, "the control: it is asked when it may be");
});

test("security: the best of links opens nothing that the mode has closed", async (t) => {
  const { router, cloud } = await create(t, "private");
  assert.deepEqual(await refs(router), ["lan/m", "here/m"]);
  await assert.rejects(refs(router, "cloud/m"), { code: "MODEL_NOT_ALLOWED" });
  assert.equal(cloud.requests.length, 0);
});
