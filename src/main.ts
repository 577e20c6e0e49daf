/**
 * Argument words in, exit status out. What a command needs is loaded when it needs it, so that
 * `isopod --version` and `isopod health` stay quick; `import()` stands here, and where a command alone needs
 * schemas.
 */

import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import { systemClock } from "./base/clock.ts";
import { commands } from "./cli/commands.ts";
import { createHost, type HostParts } from "./cli/host.ts";
import { createInterrupts } from "./cli/interrupts.ts";
import { run } from "./cli/run.ts";
import { createTerminal } from "./cli/system-terminal.ts";
import { takeDoors } from "./process/doors.ts";

const { env, stdin, stdout, stderr } = process;
const home = env["ISOPOD_HOME"] || env["OPENCLAW_STATE_DIR"] || join(homedir(), ".isopod");
const version = readVersion();
const machine = { home, env, version, doors: takeDoors({ strict: true }) };

const parts: HostParts = {
  ...machine,
  async open(options) {
    const ground = await (await import("./ground.ts")).openGround({ ...machine, ...options });
    return (await import("./app.ts")).openApp(ground);
  },
  loadConfig: async (file) => (await import("./settings.ts")).loadAppConfig(machine, file),
  editConfig: async (path, value) =>
    (await import("./settings.ts")).editAppConfig(machine, { path, value }),
  openOffline: async () => (await import("./offline-parts.ts")).openOffline(machine),
  dial: async (target) => (await import("./dial.ts")).dial(target, machine),
  proveEgress: async (tell, signal) =>
    (await import("./proving.ts")).proveEgress(machine, tell, signal),
  drillOffline: async (call, signal) =>
    (await import("./drilling.ts")).drillOffline(machine, call, signal),
  stateEgress: async (request) => (await import("./stating.ts")).stateEgress(machine, request),
  startBackground: async () => (await import("./dial.ts")).startBackground(machine),
};

const interrupts = createInterrupts(systemClock);
process.on("SIGTERM", interrupts.end);
process.on("SIGINT", () => {
  if (!interrupts.interrupt()) process.exit(130); // nothing acknowledged is lost, as with kill -9
});
// The reader of a pipe went away (`isopod chat | head`): nothing is wrong, and there is nobody to tell.
stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

// A wait of the clock keeps no process alive, and a command that waits for nothing else would end without a word.
const awake = setInterval(() => {}, 2 ** 30);

process.exitCode = await run({
  words: process.argv.slice(2),
  commands,
  host: createHost(parts),
  terminal: createTerminal({ stdin, stdout, stderr, env }),
  interrupts,
  report: (id, error) =>
    void import("./base/log.ts").then(({ createLog }) => {
      createLog({ path: join(home, "gateway.log") }).error({ id, err: error }, "a command failed");
    }),
});
clearInterval(awake);

function readVersion(): string {
  const file = new URL("../package.json", import.meta.url);
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string }; // our own file
  return version;
}
