import { systemClock } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import type { Route } from "../../protocol/route.ts";
import { createStore } from "../../store/sqlite.ts";
import { testChannel } from "../channel.conformance.ts";
import { createHub } from "../hub.ts";
import { createAppChannel } from "./app.ts";

testChannel("app", async () => {
  const store = await createStore({ folder: ":memory:", clock: systemClock });
  const channel = createAppChannel({
    agent: {
      isBusy: () => false,
      live: () => null,
      approvals: () => [],
      grants: async () => [],
      forget: async () => {},
      decide: async () => {},
      stop: async () => false,
    },
    sessions: store.sessions,
    turns: store.turns,
    hub: createHub(),
    clock: systemClock,
    checkModel: async () => {},
  });
  const route = channel.routes.find(({ path }) => path.endsWith("/messages"));
  return {
    channel,
    say: ({ person, session, text, key }) => post(route, { person, session, body: { text, key } }),
    close: () => store.close(),
  };
});

async function post(
  route: Route | undefined,
  { person, session, body }: { person: string; session: string; body: object },
): Promise<boolean> {
  try {
    await route?.handle({
      caller: { person, credential: "key_1", scopes: ["chat"] },
      params: { id: session },
      query: new URLSearchParams(),
      headers: new Headers(),
      body: route.body?.parse(body),
      peer: "127.0.0.1",
      signal: new AbortController().signal,
    });
    return true;
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}
