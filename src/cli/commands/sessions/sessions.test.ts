import assert from "node:assert/strict";
import { test } from "node:test";

import { createTestTerminal } from "../../../../test/fakes/terminal.ts";
import { Fault } from "../../../base/fault.ts";
import type { SessionDetail } from "../../../protocol/api.ts";
import type { SessionSummary } from "../../../protocol/event.ts";
import type { Client } from "../../client.ts";
import type { Call, Command, Host } from "../../command.ts";
import { sessionsList } from "./list.ts";
import { sessionsRemove } from "./rm.ts";
import { sessionsShow } from "./show.ts";

const signal = new AbortController().signal;
const AT = { createdAt: 0, updatedAt: 0, busy: false };
const TAXES: SessionSummary = { ...AT, id: "ses_2", title: "taxes", private: true };
const TRIP: SessionSummary = {
  ...AT,
  id: "ses_1",
  title: "trip\u001B[2J",
  model: "ollama/qwen3:8b",
};
const MESSAGES: SessionDetail["messages"] = [
  { id: "1", turn: "t", at: 0, role: "user", text: "How much?" },
  {
    id: "2",
    turn: "t",
    at: 0,
    role: "assistant",
    text: "I look.",
    toolCalls: [{ id: "c", tool: "read", input: { path: "a.txt" } }],
  },
  { id: "3", turn: "t", at: 0, role: "tool", callId: "c", tool: "read", ok: true, text: "42" },
  {
    id: "4",
    turn: "t",
    at: 0,
    role: "notice",
    code: "TURN_STOPPED",
    text: "Stopped",
    fix: "Go on",
  },
];

type Given = {
  args?: string[];
  options?: Call["options"];
  sessions?: SessionSummary[];
  terminal?: Parameters<typeof createTestTerminal>[0];
};

async function run(command: Command, given: Given = {}) {
  const terminal = createTestTerminal(given.terminal);
  const sessions = given.sessions ?? [TAXES, TRIP];
  const deleted: string[] = [];
  const client = {
    sessions: async () => ({ sessions }),
    async session(id: string) {
      const session = sessions.find((one) => one.id === id);
      if (!session) throw new Fault("NOT_FOUND", { what: "session", id });
      return { session, messages: MESSAGES, live: [], cursor: "a:0" };
    },
    status: async () => ({ privateWorkspaces: "/private" }),
    deleteSession: async (id: string) => void deleted.push(id),
  } as unknown as Client; // what the commands use of it
  const host = {
    withGateway: (work: (client: Client) => Promise<unknown>) => work(client),
  } as unknown as Host; // the same
  const { args = [], options = {} } = given;
  const call = { args, options, host, terminal, within: async () => undefined, signal };
  const code = await command.run(call);
  return { code, terminal, deleted };
}

test("sessions list shows ids, titles and which are private, and no title can write to the terminal", async () => {
  const { code, terminal } = await run(sessionsList);
  assert.equal(code, 0);
  assert.match(terminal.out(), /ses_2\|[^|]+\|taxes\|\|private\n/);
  assert.match(terminal.out(), /ses_1\|[^|]+\|trip \[2J\|ollama\/qwen3:8b\|\n/);
  const json = await run(sessionsList, { options: { json: true } });
  assert.deepEqual(JSON.parse(json.terminal.out()), [TAXES, TRIP]);
  const none = await run(sessionsList, { sessions: [] });
  assert.match(none.terminal.err(), /isopod chat/);
});

test("sessions show prints a session by its id or title: who said what, steps, notices, the private mark", async () => {
  for (const name of ["ses_2", "taxes"]) {
    const { terminal } = await run(sessionsShow, { args: [name] });
    assert.match(terminal.err(), /ses_2 {2}taxes {2}private/);
    for (const part of [/How much\?/, /I look\.\n· read {"path":"a.txt"}/, /42/, /TURN_STOPPED/]) {
      assert.match(terminal.out(), part);
    }
  }
  const json = await run(sessionsShow, { args: ["taxes"], options: { json: true } });
  assert.deepEqual(JSON.parse(json.terminal.out()), { session: TAXES, messages: MESSAGES });
  await assert.rejects(run(sessionsShow, { args: ["nothing"] }), { code: "NOT_FOUND" });
});

test("sessions rm asks first, takes `--yes` for an answer, and does not guess between two of one title", async () => {
  const asked = { args: ["taxes"], terminal: { interactive: true, answers: ["y"] } };
  assert.deepEqual((await run(sessionsRemove, asked)).deleted, ["ses_2"]);
  const no = await run(sessionsRemove, {
    args: ["taxes"],
    terminal: { interactive: true, answers: [""] },
  });
  assert.deepEqual([no.code, no.deleted], [1, []]);
  await assert.rejects(run(sessionsRemove, { args: ["ses_2"] }), {
    code: "SESSION_REMOVE_UNASKED",
  });
  const yes = await run(sessionsRemove, { args: ["ses_2"], options: { yes: true, json: true } });
  assert.deepEqual(JSON.parse(yes.terminal.out()), { session: "ses_2", deleted: true });
  assert.match(yes.terminal.err(), /stay in \/private\/ses_2/);
  const twins = [TAXES, { ...TRIP, title: "taxes" }];
  await assert.rejects(run(sessionsRemove, { args: ["taxes"], sessions: twins }), {
    code: "USAGE",
    message: /2 sessions have the title/,
  });
});
