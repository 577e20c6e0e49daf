import assert from "node:assert/strict";
import { test } from "node:test";

import type { AppEvent } from "../../../src/protocol/event.ts";
import { ApiFault, Unreachable } from "./api.ts";
import { followStream, retryDelayMs } from "./stream.ts";

const status = (version: string) =>
  `data: ${JSON.stringify({ type: "session-deleted", session: version })}\n\n`;
const answer = (text: string) => () => new Response(text);
const refuse = (status: number) => () => {
  throw new ApiFault(status, { code: "X", message: "x", fix: "x" });
};
const unreachable = () => {
  throw new Unreachable("gone");
};

/** Plays one answer for each connection, then stops; returns what was seen. */
async function follow(answers: (() => Response)[], after: string | null = null) {
  const end = new AbortController();
  const seen = {
    asked: [] as (string | null)[],
    opened: [] as boolean[],
    events: [] as AppEvent[],
    waits: [] as number[],
  };
  await followStream(
    {
      events: async (cursor) => {
        seen.asked.push(cursor);
        const next = answers.shift();
        if (!next) throw new Error("One connection too many");
        return next();
      },
      onOpen: (fresh) => void seen.opened.push(fresh),
      onEvent: (_, event) => void seen.events.push(event),
      onLost: () => undefined,
      now: () => 0,
      wait: async (ms) => {
        seen.waits.push(ms);
        if (answers.length === 0) end.abort();
      },
    },
    after,
    end.signal,
  );
  return seen;
}

test("a cut stream goes on from its last cursor, and says that nothing was missed", async () => {
  const seen = await follow([answer(`id: e:7\n${status("a")}`), answer(`id: e:8\n${status("b")}`)]);
  assert.deepEqual(seen.asked, [null, "e:7"]);
  assert.deepEqual(seen.opened, [true, false]);
  assert.equal(seen.events.length, 2);
});

test("a gateway that is away is tried ever more rarely, and quickly again after a word from it", async () => {
  const seen = await follow([
    unreachable,
    unreachable,
    unreachable,
    answer(`id: e:1\n${status("a")}`),
    unreachable,
  ]);
  assert.deepEqual(seen.waits, [0, 1, 2, 0, 1].map(retryDelayMs));
});

test("a connection that opens and says nothing is no success: the waits go on growing", async () => {
  const seen = await follow([answer(""), answer(""), answer("")]);
  assert.deepEqual(seen.waits, [0, 1, 2].map(retryDelayMs));
});

test("a cursor that is refused is dropped, and what is shown is fetched anew", async () => {
  const seen = await follow([refuse(400), answer("")], "nonsense");
  assert.deepEqual(seen.asked, ["nonsense", null]);
  assert.deepEqual(seen.opened, [true]);
});

test("a fault of the gateway keeps the cursor", async () => {
  const seen = await follow([refuse(503), answer("")], "e:5");
  assert.deepEqual(seen.asked, ["e:5", "e:5"]);
});

test("a device that is not paired any more asks once", async () => {
  const seen = await follow([refuse(401), answer("")]);
  assert.equal(seen.asked.length, 1);
  assert.deepEqual(seen.waits, []);
});

test("waits grow to a quarter of a minute and no further", () => {
  assert.deepEqual([0, 1, 4, 5, 50].map(retryDelayMs), [500, 1000, 8000, 15_000, 15_000]);
});
