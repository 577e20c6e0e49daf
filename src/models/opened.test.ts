import assert from "node:assert/strict";
import { test } from "node:test";

import { createFakeClock } from "../../test/fakes/clock.ts";
import { Fault } from "../base/fault.ts";
import type { Place } from "./locality.ts";
import { createOpened } from "./opened.ts";
import type { Server } from "./server.ts";

const DEVICE: Place = { locality: "device", why: "proved" };
const THIEF: Place = { locality: "unknown", why: "another user's" };
const signal = () => new AbortController().signal;

function create() {
  const clock = createFakeClock();
  const state = { opens: 0, lists: 0, place: DEVICE, fails: false };
  const server: Server = {
    id: "one",
    product: "ollama",
    provider: {
      id: "one",
      baseUrl: "",
      listModels: () => Promise.resolve([{ id: `m${state.lists++}`, locality: "unknown" }]),
      chat: () => {
        throw new Error("not asked here");
      },
    },
    place: DEVICE,
    settable: true,
    settings: undefined,
  };
  const opened = createOpened({
    clock,
    open: async () => {
      state.opens++;
      if (state.fails) throw new Fault("MODEL_UNREACHABLE", { provider: "one", url: "" });
      return server;
    },
    prove: async () => {
      await clock.sleep(100);
      return state.place;
    },
    onOpened: () => undefined,
  });
  return { clock, state, opened, place: async () => (await opened.get("one", signal())).place };
}

test("a server is opened once for all who ask", async () => {
  const { opened, state } = create();
  await Promise.all([opened.get("one", signal()), opened.get("one", signal())]);

  assert.equal(state.opens, 1);
});

test("one that failed is opened anew by the next who asks", async () => {
  const { opened, state } = create();
  state.fails = true;
  await assert.rejects(opened.get("one", signal()), { code: "MODEL_UNREACHABLE" });
  state.fails = false;
  await opened.get("one", signal());

  assert.equal(state.opens, 2);
});

test("security: after a pause nobody is served before the port's owner is known, however many ask", async () => {
  const { clock, state, place } = create();
  await place();
  state.place = THIEF;
  await clock.advance(61_000);
  const asking = Promise.all([place(), place(), place()]);
  await clock.advance(200);

  assert.deepEqual(
    (await asking).map(({ locality }) => locality),
    ["unknown", "unknown", "unknown"],
  );
});

test("while a conversation goes on, the owner is asked beside it and holds from then on", async () => {
  const { clock, state, place } = create();
  await place();
  state.place = THIEF;
  await clock.advance(31_000);
  assert.equal((await place()).locality, "device"); // does not wait
  await clock.advance(200);

  assert.equal((await place()).locality, "unknown");
});

test("a listing is asked once, and again when it was forgotten", async () => {
  const { opened, state } = create();
  const server = await opened.get("one", signal());
  await opened.models(server, signal());
  await opened.models(server, signal());
  assert.equal(state.lists, 1);
  opened.forget("one");
  await opened.models(server, signal());

  assert.equal(state.lists, 2);
});
