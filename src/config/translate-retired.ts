/**
 * Keys of other programs that have no place here, or another one. No translation permits more than
 * dropping the key would; what restricts and cannot be kept refuses to start.
 */

import { Fault } from "../base/fault.ts";
import type { Draft, Finding } from "./draft.ts";
import { isObject } from "./read.ts";

export function translateRetired(draft: Draft, faults: Finding[]): void {
  translateGateway(draft);
  translateToolRules(draft, faults);
  for (const [path, message] of NOT_USED) draft.drop(path, message);
}

const NOT_USED: [path: string, message: string][] = [
  ["gateway.mode", "not used: this gateway is always local"],
  ["gateway.controlUi", "not used: the app needs no settings"],
  ["gateway.tailscale", "not used yet: no mesh is set up by this version"],
  ["gateway.reload", "not used: the config is read at the start"],
  ["gateway.http", "not used: `/v1` is always there, and always needs a key"],
  ["bridge", "not used: there is no bridge port (18790) any more"],
  [
    "agents.defaults.sandbox",
    "not used: every command runs in a sandbox without a network; see `sandbox`",
  ],
  ["agents.defaults.heartbeat", "not used yet: this version has no schedules"],
  ["heartbeat", "not used yet: this version has no schedules"],
  ["channels", "not used yet: this version has the app and the command line"],
  ["cron", "not used yet: this version has no schedules"],
  ["update", "not used: nothing ever looks for updates"],
  ["telemetry", "not used: there is none"],
  ["discovery", "not used: nothing is announced on the network"],
  ["plugins", "not used: there are no plugins"],
  ["skills", "not used: there are no skills"],
  ["messages", "not used"],
  ["session", "not used"],
  ["meta", "not used"],
  ["wizard", "not used"],
  ["logging", "not used: the log is $ISOPOD_HOME/gateway.log"],
];

function translateGateway(draft: Draft): void {
  const mode = draft.get("gateway.auth.mode");
  draft.move("gateway.auth.token", "gateway.token");
  if (mode === "none")
    draft.note("gateway.auth.mode", 'left out: every request needs a key, "none" is not kept');
  draft.drop("gateway.auth", "left out: keys, pairing and lock-out are always on");
  const bind = draft.get("gateway.bind");
  if (typeof bind === "string" && ["lan", "tailnet", "auto", "custom"].includes(bind)) {
    draft.set("gateway.bind", "loopback", "gateway.bind");
    draft.note(
      "gateway.bind",
      `"${bind}" read as "loopback": other machines are let in only with TLS, which this version has not`,
    );
  }
}

/** `tools.deny` for commands is `sandbox.run: "deny"`; what we cannot keep must not be dropped in silence. */
function translateToolRules(draft: Draft, faults: Finding[]): void {
  const tools = draft.get("tools");
  if (!isObject(tools)) return;
  const denied = Array.isArray(tools["deny"]) ? tools["deny"].map(String) : [];
  const ours = denied.filter((name) =>
    /^(exec|run|bash|shell|process|code_execution|group:runtime)$/.test(name),
  );
  if (ours.length > 0) {
    draft.set("sandbox.run", "deny", "tools.deny");
    draft.note("tools.deny", `"${ours.join('", "')}" read as sandbox.run = "deny"`);
  }
  const files = denied.filter((name) => /^(read|write|edit|apply_patch|group:fs|\*)$/.test(name));
  if (files.length > 0) {
    const fault = new Fault("CONFIG_NOT_KEPT", {
      path: "tools.deny",
      why: `the file tools cannot be taken from an agent ("${files.join('", "')}")`,
      instead: "Give the agent a workspace that holds only what it may touch, and remove the entry",
    });
    faults.push({ path: "tools.deny", fault });
  }
  draft.drop("tools", "read as far as it restricts commands; the rest is not used");
}
