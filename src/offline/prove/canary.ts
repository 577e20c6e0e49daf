/**
 * A process as the gateway is one (the guard's preload, the guard, programs and sandbox of the same code) in
 * which canaries are fired by name. Started by `prove.ts` inside the namespace of a proof; nothing else runs it.
 */

import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";

import { systemClock as clock } from "../../base/clock.ts";
import { createEgress } from "../../network/guard.ts";
import { takeDoors } from "../../process/doors.ts";
import { createPrograms } from "../../process/programs.ts";
import type { Mode } from "../../protocol/event.ts";
import { chooseSandbox } from "../../sandbox/choose.ts";
import { sandboxSetting } from "../../sandbox/settings.ts";

export type CanaryGiven = {
  /** A host of the LAN that config allows, as a URL. */
  lan: string;
  workspace: string;
  hosts: string;
};

type Act = (canary: string) => Promise<unknown>;
type Canaries = {
  BOTH: Record<string, Act>;
  PUBLIC: string;
  PUBLIC6: string;
  obey(acts: Record<string, Act>): Promise<void>;
  toCommand(canary: string): string;
};

const doors = takeDoors({ strict: true });
const given = JSON.parse(process.argv[2] ?? "") as CanaryGiven; // written by `prove.ts`
// Plain JavaScript, because its other use is behind no loader of ours; this is the shape it has.
const canaries = createRequire(import.meta.url)("./canaries.cjs") as Canaries;
const { PUBLIC, PUBLIC6 } = canaries;
const signal = new AbortController().signal;
const ledger = { append: () => {} };

process.on("uncaughtException", () => {}); // a refusal that nobody caught: the next act goes on

/** Asks the guard, with everything in the config that could be there. */
function ask(mode: Mode, url: string, host: string): Promise<unknown> {
  const hosts = [PUBLIC, PUBLIC6, new URL(given.lan).hostname, "box.proof.test", host];
  const policy = { mode, hosts: hosts.map((name) => ({ host: name, setting: "proof" })) };
  const egress = createEgress({ doors, policy: () => policy, ledger, clock });
  const answer = egress.request({ url, purpose: "proof", signal, headTimeoutMs: 2_000 });
  return answer.then(({ status, text }) => text().then(() => `status ${status}`));
}

const guardActs = (mode: Mode): Record<string, Act> => ({
  "guard-public": (canary) => ask(mode, `http://${PUBLIC}/${canary}`, ""),
  "guard-decimal": (canary) => ask(mode, `http://${0xcb007107}/${canary}`, ""),
  "guard-ipv6": (canary) => ask(mode, `http://[${PUBLIC6}]/${canary}`, ""),
  // In mode private the question for a listed name is allowed to leave; for any other it is not.
  "guard-name": (canary) => {
    const name = `${canary}.leak.example`;
    return ask(mode, `http://${name}/`, mode === "device" ? name : "");
  },
  "guard-rebinding": (canary) => rebind(mode, canary),
  "guard-redirect": (canary) => ask(mode, `${given.lan}/redirect/${canary}`, ""),
  "guard-proxy": (canary) => {
    for (const name of ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
      process.env[name] = "http://203.0.113.9:8080";
    process.env["NODE_USE_ENV_PROXY"] = "1";
    return ask(mode, `${given.lan}/${canary}`, "");
  },
});

/** The name leads into the LAN first, and to the internet when it is asked for again. */
async function rebind(mode: Mode, canary: string): Promise<unknown> {
  const { hostname, port } = new URL(given.lan);
  writeFileSync(given.hosts, hostsFile(hostname));
  const first = await ask(mode, `http://box.proof.test:${port}/`, "").catch(codeOf);
  writeFileSync(given.hosts, hostsFile(PUBLIC));
  const then = await ask(mode, `http://box.proof.test/${canary}`, "").catch(codeOf);
  return `first ${String(first)}, then ${String(then)}`;
}

const hostsFile = (address: string) => `127.0.0.1 localhost\n${address} box.proof.test\n`;
const codeOf = (error: unknown) => (error as { code?: string }).code ?? String(error); // only told

async function inSandbox(canary: string): Promise<unknown> {
  const programs = createPrograms({ doors, ledger, path: process.env["PATH"] ?? "" });
  const { workspace } = given;
  const settings = SANDBOX;
  const choice = await chooseSandbox({ programs, settings, workspace, hidden: [] }, signal);
  if (!choice.ok) return `no sandbox, so \`run\` is off: ${choice.reason}`;
  const command = canaries.toCommand(canary);
  const ran = await choice.sandbox.run({ command, workspace, timeoutMs: 10_000 }, signal);
  return `the command ended with ${ran.exitCode}`;
}

const SANDBOX = sandboxSetting.schema.parse(undefined);

await canaries.obey({
  ...canaries.BOTH,
  ...Object.fromEntries(
    (["device", "private"] as const).flatMap((mode) =>
      Object.entries(guardActs(mode)).map(([name, act]) => [`${name} ${mode}`, act]),
    ),
  ),
  sandbox: inSandbox,
});
