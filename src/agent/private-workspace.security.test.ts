import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { createStage, isEnd, PERSON, results, SESSION } from "../../test/fakes/agent-stage.ts";
import { createScriptedModel } from "../../test/fakes/scripted-model.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import { sandboxSetting } from "../sandbox/settings.ts";
import { createPrivateWorkspaces } from "../tools/private-workspaces.ts";
import { createTools } from "../tools/tools.ts";
import { createWorkspace } from "../tools/workspace-folder.ts";

const CANARY = "canary-16180339";
const [SECRET, OTHER] = ["ses_secret", "ses_other"];

type Call = { tool: string; input: object };

/** The real file tools in folders of this machine; the model calls what the test says. */
async function create(t: TestContext) {
  const home = mkdtempSync(join(tmpdir(), "isopod-private-"));
  t.after(() => rmSync(home, { recursive: true }));
  const shared = await createWorkspace(join(home, "workspace"), [home]);
  const folder = join(home, "private");
  const own = createPrivateWorkspaces({ folder, shared: shared.root, keepOut: [] });
  const ranIn: string[] = [];
  const sandbox: Sandbox = {
    name: "a test's",
    async run({ workspace }) {
      ranIn.push(workspace);
      return { output: "", exitCode: 0, cutBytes: 0, ended: "exit" };
    },
  };
  let next: readonly Call[] = [];
  const { candidate } = createScriptedModel(() => {
    const calls = next;
    next = [];
    return calls.length > 0 ? { calls } : { text: "done" };
  });
  const stage = await createStage({
    candidates: [candidate],
    tools: createTools({ sandbox: sandboxSetting.schema.parse({}) }),
    workspace: shared,
    deps: { privateWorkspace: own.of, sandbox: () => ({ ok: true, sandbox, tried: [] }) },
  });
  const at = stage.clock.now();
  for (const id of [SECRET, OTHER]) {
    const session = { id, owner: PERSON, title: "", private: true };
    await stage.store.sessions.create({ ...session, createdAt: at, updatedAt: at });
  }
  const act = async (session: string, ...calls: Call[]) => {
    next = calls;
    const sent = await stage.agent.submit({
      person: PERSON,
      session,
      text: "act",
      attended: false,
    });
    await stage.until(({ turn, event }) => turn === sent.turn && isEnd(event));
    return results(stage.events(sent.turn))
      .map(({ output }) => output)
      .join("\n");
  };
  return { act, own, ranIn, shared, folder };
}

const WRITE: Call = { tool: "write", input: { path: "plan.txt", content: CANARY } };
const LOOK: Call[] = [
  { tool: "read", input: { path: "plan.txt" } },
  { tool: "find", input: { text: "canary" } },
  { tool: "find", input: {} },
  ...["../private/ses_secret/plan.txt", "private/ses_secret/plan.txt"].map((path) => ({
    tool: "read",
    input: { path },
  })),
];

test("security: what a private session wrote is read by no tool of another session, private or not", async (t) => {
  const { act, folder, ranIn, shared } = await create(t);
  await act(SECRET, WRITE);
  assert.equal(readFileSync(join(folder, SECRET, "plan.txt"), "utf8"), CANARY);
  assert.equal(statSync(join(folder, SECRET)).mode & 0o777, 0o700);
  for (const session of [SESSION, OTHER]) {
    assert.doesNotMatch(await act(session, ...LOOK), /canary-|plan\.txt.*bytes/);
  }
  assert.match(await act(SECRET, ...LOOK), new RegExp(CANARY), "it reads its own");

  const run = { tool: "run", input: { command: "ls" } };
  for (const session of [SECRET, OTHER, SESSION]) await act(session, run);
  assert.deepEqual(ranIn, [join(folder, SECRET), join(folder, OTHER), shared.root]);
});

test("security: the control: what a session that is not private wrote is there for the next", async (t) => {
  const { act, shared } = await create(t);
  await act(SESSION, WRITE);
  assert.match(await act(SESSION, ...LOOK), new RegExp(CANARY));
  assert.ok(existsSync(join(shared.root, "plan.txt")));
});

test("of a deleted session an empty folder goes, and files stay", async (t) => {
  const { act, own, folder } = await create(t);
  await act(SECRET, WRITE);
  await act(OTHER, { tool: "find", input: {} });
  for (const session of [SECRET, OTHER, "ses_never"]) await own.forget(session);
  assert.deepEqual(
    [SECRET, OTHER].map((session) => existsSync(join(folder, session))),
    [true, false],
  );
});
