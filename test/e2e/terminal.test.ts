/** A person at a terminal: a real one, which turns Ctrl-C into a signal for everybody in front of it. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

import { createMachine, type Machine, ROOT, watch } from "./machine.ts";
import { startModel } from "./model-program.ts";
import { oldNode, scriptMissing } from "./needs.ts";

const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
/** readline has drawn its prompt and reads. */
const PROMPT = "> \u001B[3G";

/** `script` of util-linux makes the terminal: what is typed into it stands in the pipe. */
function sitDown(machine: Machine, node: readonly string[], words: string) {
  // Without `exec` the shell, which gets the Ctrl-C as well, would answer for the program.
  const command = `exec ${node.join(" ")} ${join(ROOT, "bin/isopod.cjs")} ${words}`;
  const child = spawn("script", ["-qefc", command, "/dev/null"], {
    cwd: machine.home,
    env: { ...machine.env, TERM: "xterm", SHELL: "/bin/sh" },
  });
  return { ...watch(child, command), type: (text: string) => void child.stdin.write(text) };
}

test(
  "Ctrl-C ends the answer and not the conversation; another one at the prompt ends that, and so does Ctrl-D",
  { skip: scriptMissing },
  async (t) => {
    const ollama = await startModel(t, "ollama");
    const machine = createMachine(t, { env: { OLLAMA_HOST: ollama.address } });
    for (const end of [CTRL_C, CTRL_D, "/exit\r"]) {
      await ollama.play({
        turns: [[{ text: "One, two," }, { hang: true }]],
        otherwise: [{ text: "Here \u001B]0;hijacked\u0007I am." }],
      });
      const chat = sitDown(machine, [process.execPath], "chat");
      t.after(() => chat.kill("SIGKILL"));
      await chat.says(PROMPT);
      chat.type("count\r");
      await chat.says("two,");
      chat.said.stdout = "";
      chat.type(CTRL_C);
      await chat.says(PROMPT);
      assert.match(chat.said.stdout, /TURN_STOPPED/);
      assert.doesNotMatch(chat.said.stdout, /INTERNAL_ERROR/);
      chat.said.stdout = "";
      chat.type("still there?\r");
      await chat.says(PROMPT);
      assert.match(chat.said.stdout, /I am\./);
      assert.ok(
        !chat.said.stdout.includes("\u001B]0;"),
        "what a model says cannot drive the terminal",
      );
      chat.type(end);
      assert.equal((await chat.ended).code, 0);
    }
  },
);

test(
  "Ctrl-C on a gateway that an old Node launched stops it once, and well",
  { skip: scriptMissing },
  async (t) => {
    const machine = createMachine(t, { config: { models: { mode: "replace" } } });
    const gateway = sitDown(machine, oldNode, "gateway run");
    t.after(() => gateway.kill("SIGKILL"));
    await gateway.says("Ctrl-C");
    gateway.type(CTRL_C);
    const { code, stdout } = await gateway.ended;
    assert.match(stdout, /Stopped; nothing is lost/);
    assert.equal(code, 0);
    assert.equal(existsSync(machine.path("gateway.json")), false);
  },
);
