import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { PRELOAD } from "../process/doors.ts";

/** What a process says once it got the signal that opens Node's debugger: it waits for that, then ends. */
function signalled(flags: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const code = `
      process.stdout.write("ready\\n");
      const { url } = require("node:inspector");
      const began = Date.now();
      setInterval(() => (url() || Date.now() - began > 1500) && process.exit(), 20);`;
    const args = ["--inspect-port=0", ...flags, "-e", code];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], env: {} });
    let text = "";
    child.stdout.once("data", () => child.kill("SIGUSR1"));
    child.stderr.on("data", (chunk) => (text += String(chunk)));
    child.once("error", reject);
    child.once("close", (_code, signal) => resolve(`${text}${signal ?? ""}`));
  });
}

test("security: no signal opens the debugger, which runs whatever a user of the machine sends it", async () => {
  assert.match(await signalled([]), /Debugger listening/, "control");
  assert.equal(await signalled(["--require", fileURLToPath(PRELOAD)]), "");
});
