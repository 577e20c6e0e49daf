import assert from "node:assert/strict";
import { test } from "node:test";

import { createFakeClock } from "../../../test/fakes/clock.ts";
import { Fault } from "../../base/fault.ts";
import type { Candidate } from "../candidate.ts";
import { createChainRoute, type ChainRouteDeps } from "./chain-route.ts";
import { createHealth } from "./health.ts";

const fault = (code: "MODEL_UNREACHABLE" = "MODEL_UNREACHABLE") =>
  new Fault(code, { provider: "big", url: "http://127.0.0.1:1" });

test("after its pause one request tries a server, and all others still go elsewhere", async () => {
  const clock = createFakeClock();
  const health = createHealth(clock);
  for (let i = 0; i < 3; i++) health.record("big", fault());
  assert.ok(health.isPoor("big"));
  await clock.advance(30_000);
  assert.ok(!health.isPoor("big")); // half-open: the next one may try
  const over = health.begin("big");
  assert.ok(health.isPoor("big")); // it is being tried
  over();
  assert.ok(!health.isPoor("big")); // an abort says nothing
  const again = health.begin("big");
  health.record("big", fault());
  again();
  await clock.advance(30_000);
  assert.ok(health.isPoor("big")); // failed: twice as long
  await clock.advance(30_000);
  health.begin("big")();
  health.record("big", undefined);
  assert.ok(!health.isPoor("big"));
});

test("a server that took seconds not to answer is known for it; one that refuses at once is not", async () => {
  const clock = createFakeClock();
  const health = createHealth(clock);
  health.recordOpening("big", fault(), 5);
  assert.equal(health.silence("big"), undefined);
  health.recordOpening("big", fault(), 5_000);
  assert.equal(health.silence("big")?.due, false);
  await clock.advance(30_000);
  assert.equal(health.silence("big")?.due, true);
  health.recordOpening("big", fault(), 5_000);
  await clock.advance(30_000);
  assert.equal(health.silence("big")?.due, false); // doubled
  health.recordOpening("big", undefined, 20);
  assert.equal(health.silence("big"), undefined);
});

/** A chain over servers that are asked nothing: what would be asked is written down. */
function createChain() {
  const clock = createFakeClock();
  const health = createHealth(clock);
  const made: string[] = [];
  const opened: string[] = [];
  const deps = {
    servers: {
      health,
      open: async (id: string) => {
        opened.push(id);
        throw fault();
      },
    },
    candidates: {
      make: async (ref: string): Promise<Candidate> => {
        made.push(ref);
        if (ref.startsWith("big/")) throw fault();
        return { ref, provider: { id: "small" } } as Candidate; // all that the route looks at
      },
    },
  } as unknown as ChainRouteDeps; // the rest is not used
  const route = createChainRoute(deps);
  const links = ["big/m", "small/m"].map((ref) => ({ ref, why: "" }));
  const ask = (chain = links) => route(chain, {}, new AbortController().signal);
  return { clock, health, made, opened, ask, links };
}

test("a silent server costs no turn its seconds: it is passed over, and asked again beside the turn", async () => {
  const { clock, health, made, opened, ask, links } = createChain();
  health.recordOpening("big", fault(), 5_000);
  const [first] = await ask();
  assert.equal(first?.ref, "small/m");
  assert.equal(first?.insteadOf?.ref, "big/m");
  assert.deepEqual(made, ["small/m"]);
  assert.deepEqual(opened, []);

  await clock.advance(30_000);
  await ask();
  assert.deepEqual(opened, ["big"]);

  // Where nobody else is there it is worth the wait.
  await assert.rejects(ask(links.slice(0, 1)), { code: "MODEL_UNREACHABLE" });
  assert.equal(made.at(-1), "big/m");
});
