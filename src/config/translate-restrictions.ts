/**
 * What other programs forbid an agent: its tools, its sandbox, who may reach it. What can be kept is
 * kept, here or more strictly; what cannot refuses to start, for dropping it would permit more than
 * its author meant.
 */

import { Fault } from "../base/fault.ts";
import { engineNames } from "../tools/web/engines.ts";
import type { Draft, Finding } from "./draft.ts";
import { isObject, join } from "./read.ts";

export function translateRestrictions(draft: Draft, faults: Finding[]): void {
  translateAuth(draft);
  translateGateway(draft);
  const refuse = (path: string, why: string, instead: string) =>
    void faults.push({ path, fault: new Fault("CONFIG_NOT_KEPT", { path, why, instead }) });
  translateTools(draft, "tools", refuse);
  for (const agent of [
    "agents.defaults",
    ...draft.entries("agents.entries").map(({ path }) => path),
  ]) {
    translateTools(draft, `${agent}.tools`, refuse);
    translateSandbox(draft, `${agent}.sandbox`, refuse);
    if (draft.has(`${agent}.modelPolicy`) && agent !== "agents.defaults") {
      refuse(
        `${agent}.modelPolicy`,
        "which models may be picked holds for all agents",
        "List them in agents.defaults.models, and remove the entry",
      );
    }
  }
  refuseIncludes(draft, draft.value, "", refuse);
}

type Refuse = (path: string, why: string, instead: string) => void;

/** Whose key is used in which order, of a program that keeps several for one server. */
function translateAuth(draft: Draft): void {
  const auth = draft.get("auth");
  if (!isObject(auth)) return;
  const known = ["profiles", "order", "cooldowns"];
  if (Object.keys(auth).every((key) => known.includes(key))) {
    draft.drop("auth", "not used: each provider has one key, its `apiKey`");
  }
}

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

const COMMANDS = /^(exec|run|bash|shell|process|code_execution|group:runtime|\*)$/;
const FILES = /^(read|write|edit|apply_patch|group:fs|\*)$/;
/** What the file tools here do, in OpenClaw's words. */
const FILE_TOOLS = ["read", "write", "edit"];

/** `tools` of the whole or of one agent. */
function translateTools(draft: Draft, path: string, refuse: Refuse): void {
  const tools = draft.get(path);
  if (!isObject(tools)) return;
  translateExec(draft, path);
  const denied = namesIn(tools["deny"]);
  const given = namesIn(tools["allow"]);
  const allowed = given && [...given, ...(namesIn(tools["alsoAllow"]) ?? [])];
  const commands = denied?.filter((name) => COMMANDS.test(name)) ?? [];
  if (commands.length > 0) denyCommands(draft, `${path}.deny`, `"${commands.join('", "')}"`);
  const files = denied?.filter((name) => FILES.test(name)) ?? [];
  if (files.length > 0) refuseFiles(`${path}.deny`, `"${files.join('", "')}"`, refuse);
  denyWeb(draft, `${path}.deny`, (names) => denied?.some((name) => names.test(name)) ?? false);
  if (allowed) {
    keepAllowed(draft, `${path}.allow`, allowed, refuse);
    denyWeb(draft, `${path}.allow`, (names) => !allowed.some((name) => names.test(name)));
  }
  const profile = tools["profile"];
  if (profile === "minimal" || profile === "messaging") {
    denyWeb(draft, `${path}.profile`, () => true);
    denyCommands(draft, `${path}.profile`, `"${profile}"`);
    refuseFiles(`${path}.profile`, `"${profile}" has none`, refuse);
  }
  for (const by of ["byProvider", "toolsBySender"]) {
    if (!draft.has(`${path}.${by}`)) continue;
    const instead = "Remove it, or deny the tools for everybody";
    refuse(`${path}.${by}`, "tools are the same for every model and person", instead);
  }
  translateTools(draft, `${path}.sandbox.tools`, refuse);
  if (path === "tools") keepWeb(draft);
  else draft.drop(path, "read as far as it restricts tools that are here; the rest is not used");
}

/** Of `tools` this program has `web` alone. */
function keepWeb(draft: Draft): void {
  for (const { key, path } of draft.entries("tools")) {
    if (key !== "web") {
      draft.drop(path, "read as far as it restricts tools that are here; the rest is not used");
    }
  }
  const { provider, apiKey } = Object(draft.get("tools.web.search")) as Record<string, unknown>;
  if (typeof provider === "string" && !(engineNames as readonly string[]).includes(provider)) {
    draft.drop(
      "tools.web.search.provider",
      `left out: "${provider}" is not spoken; web_search is off`,
    );
    draft.drop("tools.web.search.apiKey");
  } else if (provider === undefined && apiKey !== undefined) {
    draft.drop("tools.web.search.apiKey", "left out: name tools.web.search.provider for it");
  }
}

/** Names and groups of the web tools, by the setting that takes the tool away. */
const WEB_TOOLS = [
  ["tools.web.fetch.enabled", /^(web_fetch|group:web|\*)$/],
  ["tools.web.search.enabled", /^(web_search|group:web|\*)$/],
] as const;

function denyWeb(draft: Draft, path: string, isDenied: (names: RegExp) => boolean): void {
  for (const [setting, names] of WEB_TOOLS) {
    if (!isDenied(names) || draft.get(setting) === false) continue;
    draft.set(setting, false, path);
    draft.note(
      path,
      `read as ${setting} = false${path.startsWith("tools.") ? "" : ", for every agent"}`,
    );
  }
}

/** The older `security` and `ask`, and `mode` which took their place. */
function translateExec(draft: Draft, path: string): void {
  const exec = draft.get(`${path}.exec`);
  if (!isObject(exec)) return;
  const { mode, security, ask } = exec;
  if (mode === "deny" || security === "deny") {
    denyCommands(draft, `${path}.exec`, '"deny"');
  } else if (
    mode === "ask" ||
    mode === "allowlist" ||
    security === "allowlist" ||
    ask === "always"
  ) {
    const word = String(mode ?? security ?? ask);
    setRun(
      draft,
      "ask",
      `${path}.exec`,
      `"${word}" read as sandbox.run = "ask": there is no list of commands`,
    );
  }
}

function denyCommands(draft: Draft, path: string, what: string): void {
  const whole = path.startsWith("tools.") ? "" : ", for every agent";
  setRun(draft, "deny", path, `${what} read as sandbox.run = "deny"${whole}`);
}

const STRICTNESS = ["auto", "ask", "deny"];

/** What is stricter already stays. */
function setRun(draft: Draft, run: "ask" | "deny", path: string, note: string): void {
  const now = STRICTNESS.indexOf(String(draft.get("sandbox.run")));
  if (now < STRICTNESS.indexOf(run)) draft.set("sandbox.run", run, path);
  draft.note(path, note);
}

function refuseFiles(path: string, what: string, refuse: Refuse): void {
  refuse(
    path,
    `the file tools cannot be taken from an agent (${what})`,
    "Give the agent a workspace that holds only what it may touch, and remove the entry",
  );
}

/** A list of all that is allowed forbids everything else. */
function keepAllowed(draft: Draft, path: string, allowed: string[], refuse: Refuse): void {
  if (!allowed.some((name) => COMMANDS.test(name)))
    denyCommands(draft, path, "a list without commands");
  const all = allowed.some((name) => name === "*" || name === "group:fs");
  const missing = FILE_TOOLS.filter((name) => !all && !allowed.includes(name));
  if (missing.length > 0) refuseFiles(path, `it lacks "${missing.join('", "')}"`, refuse);
}

const namesIn = (list: unknown): string[] | undefined =>
  Array.isArray(list) && list.length > 0 ? list.map(String) : undefined;

/** Commands always run in one; what it may see of the workspace is always the same. */
function translateSandbox(draft: Draft, path: string, refuse: Refuse): void {
  const access = draft.get(`${path}.workspaceAccess`);
  if (access === "ro" || access === "none") {
    refuse(
      `${path}.workspaceAccess`,
      `commands may always write the workspace ("${access}")`,
      "Remove it and give the agent a workspace of its own, or set sandbox.run to deny",
    );
  }
  draft.drop(path, "not used: every command runs in a sandbox without a network; see `sandbox`");
}

/** Parts of a config in other files may restrict, and are not read. */
function refuseIncludes(draft: Draft, value: unknown, path: string, refuse: Refuse): void {
  if (!isObject(value)) return;
  for (const [key, child] of Object.entries(value)) {
    const at = join(path, key);
    if (key === "$include") {
      refuse(at, "other files are not read", "Put what they hold in its place");
      draft.drop(at);
    } else refuseIncludes(draft, child, at, refuse);
  }
}
