import { Fault } from "../../base/fault.ts";
import type { Status } from "../../protocol/event.ts";
import { defineCommand, type Ready } from "../command.ts";
import { describeMode, describeModel, describeSandbox } from "../describe.ts";
import type { Terminal } from "../terminal.ts";

export const gatewayRun = defineCommand({
  name: "gateway run",
  summary: "run the gateway in this terminal, until Ctrl-C",
  options: [["--json", "print one JSON line when it is ready"]],

  async run({ host, options, terminal, signal }) {
    const onReady = (ready: Ready) =>
      (options["json"] ? printReadyJson : printReady)(ready, terminal);
    await host.runGateway({ onReady }, signal);
    if (!options["json"]) terminal.say("\nStopped; nothing is lost.");
    return 0;
  },
});

export const gatewayStart = defineCommand({
  name: "gateway start",
  summary: "start the gateway in the background",
  options: [["--json", "print JSON"]],

  async run({ host, options, terminal, signal }) {
    const running = await host.running();
    if (running) throw new Fault("GATEWAY_RUNNING", { url: running.url });
    const started = await host.startGateway(signal);
    if (options["json"]) terminal.json(started);
    else
      terminal.print(
        `Started at ${started.url} (process ${started.pid}). Pair a browser: isopod gateway status --pair`,
      );
    return 0;
  },
});

export const gatewayStop = defineCommand({
  name: "gateway stop",
  summary: "stop the running gateway; what runs in it resumes at the next start",
  options: [["--json", "print JSON"]],

  async run({ host, options, terminal, signal }) {
    const running = await host.running();
    if (running) {
      const client = await host.connect(signal);
      await client.stopGateway(signal);
      await host.whenStopped(running, signal);
    }
    if (options["json"]) terminal.json({ stopped: Boolean(running) });
    else terminal.print(running ? "Stopped." : "No gateway was running.");
    return 0;
  },
});

export const gatewayRestart = defineCommand({
  name: "gateway restart",
  summary: "stop the gateway, where one runs, and start it in the background",
  options: [["--json", "print JSON"]],

  async run(call) {
    const quiet = { ...call, options: {}, terminal: { ...call.terminal, print: () => {} } };
    await gatewayStop.run(quiet);
    return gatewayStart.run(call);
  },
});

export const gatewayStatus = defineCommand({
  name: "gateway status",
  summary: "show whether a gateway runs, and what it uses",
  options: [
    ["--json", "print JSON"],
    ["--pair", "make a new one-time code to pair a browser"],
  ],

  async run({ host, options, terminal, signal }) {
    const running = await host.running();
    if (!running) {
      if (options["json"]) terminal.json({ running: false });
      else terminal.print("No gateway runs. Start it with `isopod gateway start`");
      return 1;
    }
    const client = await host.connect(signal);
    const status = await client.status(signal);
    const pairing = options["pair"] ? await client.pairingCode(signal) : undefined;
    if (options["json"])
      terminal.json({ running: true, ...running, status, ...(pairing && { pairing }) });
    else {
      terminal.print(`Runs at ${running.url} (process ${running.pid})\n`);
      printStatus(status, terminal);
      if (pairing) printOpen(pairing, terminal);
    }
    return 0;
  },
});

/**
 * The code stands in the fragment, which no browser sends: it reaches the page, and no log on the way. It
 * pairs one browser, once.
 */
const pairingLink = ({ code, url }: { code: string; url: string }) => `${url}#pair=${code}`;

function printReadyJson({ url, status, pairing }: Ready, terminal: Terminal): void {
  terminal.json({
    ready: true,
    url,
    model: status.model?.ref ?? null,
    mode: status.mode,
    sandbox: status.sandbox.ok ? status.sandbox.name : null,
    workspace: status.workspace,
    demonstration: status.model?.demonstration ?? false,
    pairing: pairingLink(pairing),
    status,
  });
}

function printReady({ url, status, pairing }: Ready, terminal: Terminal): void {
  terminal.print(terminal.bold(`\nIsopod ${status.version} is ready\n`));
  printStatus(status, terminal);
  for (const note of status.notes) terminal.print(terminal.dim(`  note       ${note.text}`));
  if (url.startsWith("unix:")) terminal.print(`\n  socket     ${url}`);
  else printOpen(pairing, terminal);
  terminal.print(`  or type    npx isopod chat "what files do I have?"
  stop       Ctrl-C
`);
}

function printOpen(pairing: { code: string; url: string }, terminal: Terminal): void {
  terminal.print(`
  open       ${terminal.bold(pairingLink(pairing))}
             (pairs one browser, once, within 10 minutes)`);
}

function printStatus(status: Status, terminal: Terminal): void {
  terminal.print(`  model      ${describeModel(status)}`);
  terminal.print(`  mode       ${describeMode(status.mode)}`);
  terminal.print(`  sandbox    ${describeSandbox(status)}`);
  terminal.print(`  workspace  ${status.workspace}`);
}
