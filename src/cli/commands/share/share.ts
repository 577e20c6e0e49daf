import { Fault } from "../../../base/fault.ts";
import type { ShareStart, ShareStatus } from "../../../protocol/share.ts";
import { defineCommand } from "../../command.ts";
import type { Terminal } from "../../terminal.ts";

export const shareStart = defineCommand({
  name: "share start",
  summary: "share a model server of this machine with devices that you pair, over TLS",
  options: [
    ["--address <ip>", "an address of this machine, where it has several"],
    ["--port <port>", "18790 without it"],
    ["--server <id>", "the model server, where there are several"],
    ["--json", "print JSON"],
  ],

  async run({ host, options, terminal, signal }) {
    const client = await host.connect(signal);
    const status = await client.startShare(readWanted(options), signal);
    if (options["json"]) terminal.json(status);
    else {
      printStatus(status, terminal);
      terminal.print("\nPair a device: isopod share pair");
    }
    return 0;
  },
});

export const shareStop = defineCommand({
  name: "share stop",
  summary: "share no longer: what runs is cut, and devices stay paired for the next start",
  options: [["--json", "print JSON"]],

  async run({ host, options, terminal, signal }) {
    const status = await host.withGateway((client) => client.stopShare(signal), signal);
    if (options["json"]) terminal.json(status);
    else terminal.print("Nothing is shared now.");
    return 0;
  },
});

export const shareStatus = defineCommand({
  name: "share status",
  summary: "show what is shared, where, and with how many devices",
  options: [["--json", "print JSON"]],

  async run({ host, options, terminal, signal }) {
    const status = await host.withGateway((client) => client.share(signal), signal);
    if (options["json"]) terminal.json(status);
    else printStatus(status, terminal);
    return status.sharing ? 0 : 1;
  },
});

function printStatus(status: ShareStatus, terminal: Terminal): void {
  const { sharing, problem, url, server, fingerprint, devices, audit } = status;
  if (problem !== undefined) terminal.print(`  problem      ${problem}`);
  else if (!sharing) terminal.print("Nothing is shared. Start with `isopod share start`");
  if (sharing) {
    terminal.print(`  shared       ${server}`);
    terminal.print(`  address      ${url}`);
  }
  terminal.print(`  fingerprint  ${fingerprint}`);
  terminal.print(`  devices      ${devices.length}`);
  terminal.print(`  audit        ${audit}`);
}

function readWanted(options: Readonly<Record<string, unknown>>): ShareStart {
  const { address, server, port } = options;
  const number = Number(port);
  if (port !== undefined && !(Number.isInteger(number) && number >= 0 && number < 65_536)) {
    const detail = `"${String(port)}" is no port`;
    throw new Fault("USAGE", { detail, command: "isopod share start" });
  }
  return {
    ...(typeof address === "string" && { address }),
    ...(typeof server === "string" && { server }),
    ...(port !== undefined && { port: number }),
  };
}
