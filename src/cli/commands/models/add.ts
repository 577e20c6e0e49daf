import { hostname } from "node:os";

import { Fault } from "../../../base/fault.ts";
import { parseShareLink } from "../../../relay/link.ts";
import type { Client } from "../../client.ts";
import { type Call, defineCommand } from "../../command.ts";

export const modelsAdd = defineCommand({
  name: "models add",
  summary: "pair with a device that shares its models, and use them as a provider",
  arguments: [["<link>", "what `isopod share pair` printed there, or https://ADDRESS:PORT"]],
  options: [
    ["--code <code>", "the one-time code, where the link lacks it"],
    ["--fingerprint <text>", "the other device's fingerprint; asked for without it"],
    ["--name <id>", "what the provider is called here; the address without it"],
    ["--json", "print JSON"],
  ],

  async run(call) {
    const { host, args, options, terminal, signal } = call;
    const link = parseShareLink(args[0] ?? "");
    const text = (name: string) => (typeof options[name] === "string" ? options[name] : undefined);
    const code = text("code") ?? link.code;
    if (!code) throw usage("the code is missing: give the whole link, or --code");
    const id = text("name") ?? toId(link.url);
    const isKnown = await checkId(id, call);
    const joined = await host.withGateway(async (client) => {
      const fingerprint =
        text("fingerprint") ?? link.fingerprint ?? (await compare(client, link.url, call));
      const asked = { url: link.url, code, fingerprint, id, device: hostname() || "a device" };
      return client.joinShare(asked, signal);
    }, signal);
    const file = await write(host, { id, isKnown, provider: joined.provider });
    if (options["json"]) {
      const { scopes, models } = joined;
      terminal.json({ id, url: link.url, scopes, models, file });
      return 0;
    }
    const when = (await host.running())
      ? "Apply it: isopod gateway restart"
      : "It holds from the next start of the gateway.";
    const [first = "MODEL"] = joined.models;
    terminal.print(`Paired: "${id}" in "${file}" (${joined.scopes.join(", ")}). ${when}
Then use a model of it: isopod models use ${id}/${first}`);
    return 0;
  },
});

/** Whether it is paired already. Throws where the id is another server's: its settings would be lost. */
async function checkId(id: string, { host }: Call): Promise<boolean> {
  const { modelsSetting } = await import("../../../models/settings.ts"); // schemas, which few commands need
  const { providers } = (await host.config()).config.get(modelsSetting);
  const known = Object.hasOwn(providers, id) ? providers[id] : undefined;
  if (known && known.pin === undefined) {
    throw usage(`"${id}" is another provider in the config: give --name`);
  }
  return known !== undefined;
}

/** What else was set for a device that is paired anew stays. */
async function write(
  host: Call["host"],
  { id, isKnown, provider }: { id: string; isKnown: boolean; provider: Record<string, unknown> },
): Promise<string> {
  const path = `models.providers["${id}"]`;
  if (!isKnown) return (await host.editConfig(path, provider)).file;
  let file = "";
  for (const [key, value] of Object.entries(provider)) {
    ({ file } = await host.editConfig(`${path}.${key}`, value));
  }
  return file;
}

/** A person compares what both machines show: whoever stands in between has another key. */
async function compare(
  client: Client,
  url: string,
  { terminal, signal }: Pick<Call, "terminal" | "signal">,
): Promise<string> {
  const seen = await client.lookAtShare(url, signal);
  terminal.say(`${seen.url} shows the fingerprint\n\n  ${seen.fingerprint}\n`);
  const reply = await terminal.ask("Does the other device show the same? [y/N] ", signal);
  if (/^\s*y(es)?\s*$/i.test(reply ?? "")) return seen.fingerprint;
  throw usage("the fingerprint was not confirmed: nothing was sent");
}

const usage = (detail: string) => new Fault("USAGE", { detail, command: "isopod models add" });

/** `192.168.1.5` becomes `device-192-168-1-5`: a dot would read as a path of the config. */
const toId = (url: string) =>
  `device-${new URL(url).hostname.replaceAll(/[^a-z0-9]+/gi, "-").replaceAll(/^-+|-+$/g, "")}`;
