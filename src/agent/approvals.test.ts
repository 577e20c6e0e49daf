import assert from "node:assert/strict";
import { test } from "node:test";

import {
  createCountingTools,
  createManualClock,
  createMemoryWorkspace,
  createStage,
  PERSON,
} from "../../test/fakes/agent-stage.ts";
import { createScriptedModel } from "../../test/fakes/scripted-model.ts";
import type { ApprovalRequest } from "../protocol/event.ts";
import { type BoundCall, createApprovals, namedFiles } from "./approvals.ts";

/** A turn that runs `command`, which its tool wants to be asked for, and then answers. */
async function createQuestion(command: string, attended = true) {
  const clock = createManualClock();
  const workspace = createMemoryWorkspace();
  const { tools, effects } = createCountingTools(workspace);
  const { candidate } = createScriptedModel([
    { calls: [{ tool: "run", input: { command } }] },
    { text: "So be it." },
  ]);
  const stage = await createStage({ candidates: [candidate], tools, workspace, clock });
  const turn = stage.say("x", attended);
  const asked = async (): Promise<ApprovalRequest> => {
    const { event } = await stage.until(({ event }) => event.type === "approval");
    assert.ok(event.type === "approval");
    return event.approval;
  };
  const result = () =>
    stage.events().flatMap((event) => (event.type === "tool-result" ? [event] : []))[0];
  return { ...stage, clock, workspace, effects, turn, asked, result };
}

test("a call runs once a person allowed it", async () => {
  const { agent, asked, turn, effects } = await createQuestion("ask ls");

  const { id, command, why } = await asked();
  assert.deepEqual({ command, why }, { command: "ask ls", why: "It wants to be asked" });
  assert.deepEqual(effects, []);
  await agent.decide(PERSON, id, "allow");
  await turn;

  assert.deepEqual(effects, ["run ask ls"]);
  assert.deepEqual(agent.approvals(PERSON), []);
});

test("the journal says who allowed it", async () => {
  const { agent, asked, turn, store, seen } = await createQuestion("ask ls");

  await agent.decide(PERSON, (await asked()).id, "allow");
  await turn;

  const entry = await store.journal.get(`${seen[0]?.turn}:call_0_0`);
  assert.equal(entry?.approvedBy, PERSON);
  assert.equal(entry?.ok, true);
});

test("a lasting answer is refused where the question offers none, and the question stays", async () => {
  const { agent, asked, turn, effects } = await createQuestion("ask ls");

  const { id, lasting } = await asked();
  assert.equal(lasting, undefined);
  for (const decision of ["allow-session", "allow-always"] as const) {
    await assert.rejects(agent.decide(PERSON, id, decision), { code: "REQUEST_INVALID" });
  }
  assert.deepEqual(effects, []);
  await agent.decide(PERSON, id, "deny");
  await turn;
});

test("no means no, and the model is told not to try again", async () => {
  const { agent, asked, turn, effects, result } = await createQuestion("ask ls");

  await agent.decide(PERSON, (await asked()).id, "deny");
  await turn;

  assert.deepEqual(effects, []);
  assert.match(result()?.output ?? "", /said no/);
});

test("no answer in time means no", async () => {
  const { asked, turn, effects, clock, result, agent } = await createQuestion("ask ls");

  const { expiresAt } = await asked();
  assert.equal(expiresAt, clock.now() + 300_000);
  clock.advance(300_000);
  await turn;

  assert.deepEqual(effects, []);
  assert.match(result()?.output ?? "", /nobody answered/);
  assert.deepEqual(agent.approvals(PERSON), []);
});

test("security: where nobody is there, nobody is asked and nothing runs", async () => {
  const { turn, effects, events, result } = await createQuestion("ask ls", false);

  await turn;

  assert.deepEqual(effects, []);
  assert.ok(!events().some(({ type }) => type === "approval"));
  assert.match(result()?.output ?? "", /nobody is there/);
});

test("security: another person can neither see nor answer a question", async () => {
  const { agent, asked, turn, effects } = await createQuestion("ask ls");

  const { id } = await asked();
  assert.deepEqual(agent.approvals("per_other"), []);
  await assert.rejects(agent.decide("per_other", id, "allow"), { code: "NOT_FOUND" });
  assert.deepEqual(effects, []);
  await agent.decide(PERSON, id, "deny");
  await assert.rejects(agent.decide(PERSON, id, "allow"), { code: "NOT_FOUND" });
  await turn;
  assert.deepEqual(effects, []);
});

for (const [name, before] of [
  ["rewritten", "echo hi"],
  ["put there", undefined],
] as const) {
  test(`security: a script that is ${name} between question and run is not run`, async () => {
    const { agent, asked, turn, effects, result, workspace } =
      await createQuestion("ask sh ./job.sh");
    if (before !== undefined) workspace.files.set("job.sh", before);

    const { id } = await asked();
    workspace.files.set("job.sh", "rm -rf /");
    await agent.decide(PERSON, id, "allow");
    await turn;

    assert.deepEqual(effects, []);
    assert.match(result()?.output ?? "", /changed after the person agreed/);
  });
}

test("the control: a script that stays as it was is run", async () => {
  const { agent, asked, turn, effects } = await createQuestion("ask sh ./job.sh");

  await agent.decide(PERSON, (await asked()).id, "allow");
  await turn;

  assert.deepEqual(effects, ["run ask sh ./job.sh"]);
});

test("security: nothing in a question is a control character", async () => {
  const { agent, asked, turn } = await createQuestion("ask ls\u202e\n\u001b[2Khidden\u200b");

  const { id, command } = await asked();
  assert.equal(command, "ask ls\\u{202e}\\u{a}\\u{1b}[2Khidden\\u{200b}");
  await agent.decide(PERSON, id, "deny");
  await turn;
});

test("a stop takes the question away", async () => {
  const { agent, asked, turn, effects } = await createQuestion("ask ls");

  await asked();
  assert.ok(await agent.stop(PERSON, "ses_test"));
  await turn;

  assert.deepEqual(agent.approvals(PERSON), []);
  assert.deepEqual(effects, []);
});

const signal = new AbortController().signal;

async function createAnswer(call: Partial<BoundCall> = {}) {
  const approvals = createApprovals({ clock: createManualClock(), seconds: 300 });
  const bound: BoundCall = {
    person: PERSON,
    tool: "run",
    argumentsJson: '{"command":"sh a.sh"}',
    input: { command: "sh a.sh" },
    workspace: createMemoryWorkspace(new Map([["a.sh", "ls"]])),
    ...call,
  };
  const asking = approvals.ask({ session: "ses", why: "", call: bound }, () => {}, signal);
  while (approvals.list(PERSON).length === 0) await new Promise(setImmediate);
  approvals.decide(PERSON, approvals.list(PERSON)[0]?.id ?? "", "allow");
  const answer = await asking;
  assert.ok(answer.decision === "allow");
  return { bound, approval: answer.approval };
}

test("security: an approval is spent once", async () => {
  const { bound, approval } = await createAnswer();

  assert.equal(await approval.spend(bound), true);
  assert.equal(await approval.spend(bound), false);
});

for (const [name, change] of [
  ["another person", { person: "per_other" }],
  ["another tool", { tool: "write" }],
  ["other argument bytes", { argumentsJson: '{"command": "sh a.sh"}' }],
  ["another folder", { workspace: { ...createMemoryWorkspace(), root: "/elsewhere" } }],
] as const) {
  test(`security: an approval is worth nothing for ${name}`, async () => {
    const { bound, approval } = await createAnswer();

    assert.equal(await approval.spend({ ...bound, ...change }), false);
    assert.equal(await approval.spend(bound), false, "and it is spent by the attempt");
  });
}

test("a very long command is shown by its ends, its length and its digest", async () => {
  const approvals = createApprovals({ clock: createManualClock(), seconds: 300 });
  const command = `begin ${"x".repeat(50_000)} end`;
  const call = {
    person: PERSON,
    tool: "run",
    argumentsJson: JSON.stringify({ command }),
    input: { command },
    workspace: createMemoryWorkspace(),
  };
  const asking = approvals.ask({ session: "ses", why: "", call }, () => {}, signal);
  while (approvals.list(PERSON).length === 0) await new Promise(setImmediate);
  const [shown] = approvals.list(PERSON);

  assert.match(
    shown?.command ?? "",
    /^begin x+ \[… 46010 characters not shown, SHA-256 of all [0-9a-f]{64} …\] x+ end$/,
  );
  approvals.decide(PERSON, shown?.id ?? "", "deny");
  assert.equal((await asking).decision, "deny");
});

test("files are found in values, in words and behind quotes and assignments", () => {
  assert.deepEqual(
    namedFiles({
      command: `FILE="a b.txt" sh ./x.sh;cat</workspace/in.txt`,
      path: "notes/n.md",
    }).filter((path) => path.includes(".")),
    [`FILE="a b.txt" sh ./x.sh;cat</workspace/in.txt`, "notes/n.md", "b.txt", "x.sh", "in.txt"],
  );
});
