/**
 * Real model servers with the demonstration model in them, started by one command each.
 *
 *     node test/peers/peers.ts start ollama
 */

import { parseArgs } from "node:util";

import { PEERS } from "./all.ts";
import { createChildren } from "./children.ts";
import { createFolders, peersRoot } from "./folders.ts";
import type { Peer } from "./peer.ts";
import { createNotes, type Note } from "./running.ts";
import { startPeer } from "./start.ts";
import { Trouble } from "./trouble.ts";

const HELP = `Real model servers with the demonstration model in them.

  npm run peers -- list               what there is, what is installed, what runs
  npm run peers -- install NAME|all   bring it into the cache folder; may be repeated
  npm run peers -- start NAME         start it and print the config that reaches it; Ctrl-C ends it
  npm run peers -- stop [NAME]        end what was started in other terminals

  --port N   the port of start; without it a free one of the loopback
  --json     answers that programs read
  --help     this

The cache folder is $ISOPOD_PEERS, or ~/.cache/isopod-peers. Servers listen on the loopback only.
NAME is one of ${PEERS.map(({ name }) => name).join(", ")}.
`;

const folders = createFolders(peersRoot(process.env));
const notes = createNotes(folders.root);
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => interrupted.abort(new Error(signal)));
}

type Flags = { json: boolean; port: number | undefined };

async function main(): Promise<void> {
  const { values, positionals } = parseCommandLine();
  const [command, name, ...rest] = positionals;
  if (values.help || command === undefined) return void process.stdout.write(HELP);
  if (rest.length > 0) throw usage(`"${rest[0]}" is one word too many`);
  const flags: Flags = { json: values.json, port: toPort(values.port) };
  switch (command) {
    case "list":
      return list(flags);
    case "install":
      return install(name, flags);
    case "start":
      return start(peerNamed(name), flags);
    case "stop":
      return stop(name, flags);
    default:
      throw usage(`There is no command "${command}"`);
  }
}

function parseCommandLine() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
        port: { type: "string" },
      },
    });
  } catch (cause) {
    throw usage(cause instanceof Error ? cause.message : String(cause));
  }
}

function list({ json }: Flags): void {
  const running = notes.list();
  const rows = PEERS.map((peer) => ({
    name: peer.name,
    title: peer.title,
    version: peer.version(folders),
    brings: peer.brings,
    running: running.flatMap((note) => (note.name === peer.name ? note.baseUrl : [])),
  }));
  if (json) return print(rows);
  for (const { name, title, version, brings, running } of rows) {
    const state = version ? `installed: ${version}` : `not installed; would bring ${brings}`;
    process.stdout.write(`${name.padEnd(18)}${title.padEnd(22)}${state}\n`);
    for (const url of running) process.stdout.write(`${"".padEnd(18)}runs at ${url}\n`);
  }
}

async function install(name: string | undefined, { json }: Flags): Promise<void> {
  const peers = name === "all" ? PEERS : [peerNamed(name)];
  for (const peer of peers) {
    if (!json) process.stderr.write(`${peer.title}: ${peer.brings}…\n`);
    const beganAt = performance.now();
    const children = createChildren();
    await peer.install(folders, children, interrupted.signal);
    const seconds = Math.round((performance.now() - beganAt) / 1000);
    const version = peer.version(folders);
    if (json) print({ name: peer.name, version, seconds });
    else process.stdout.write(`${peer.title} ${version} is installed (${seconds} s)\n`);
  }
}

async function start(peer: Peer, { json, port }: Flags): Promise<void> {
  const running = await startPeer(peer, { folders, port }, interrupted.signal);
  const note = notes.add(peer.name, running.baseUrl);
  try {
    const { baseUrl, model, config } = running;
    if (json) print({ name: peer.name, version: peer.version(folders), baseUrl, model, config });
    else {
      process.stdout.write(`${toJson5(config)}\n`);
      process.stderr.write(`\n${peer.title} runs at ${baseUrl}; Ctrl-C ends it\n`);
    }
    await untilAborted(interrupted.signal);
  } finally {
    note.remove();
    await running.stop();
  }
}

async function stop(name: string | undefined, { json }: Flags): Promise<void> {
  const peer = name === undefined ? undefined : peerNamed(name);
  const running = notes.list().filter((note) => peer === undefined || note.name === peer.name);
  for (const { pid } of running) process.kill(pid, "SIGTERM");
  for (const note of running) await untilGone(note);
  if (json) return print(running.map(({ name, baseUrl }) => ({ name, baseUrl })));
  for (const { name, baseUrl } of running)
    process.stdout.write(`${name} at ${baseUrl} has ended\n`);
  if (running.length === 0) process.stdout.write("None was running\n");
}

/** Its servers get five seconds of their own. */
const GONE_WITHIN_MS = 15_000;

async function untilGone(note: Note): Promise<void> {
  const giveUpAt = performance.now() + GONE_WITHIN_MS;
  while (notes.isRunning(note)) {
    if (performance.now() > giveUpAt) {
      throw new Trouble(`${note.name} does not end`, `kill -9 ${note.pid}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    // A signal alone keeps no process awake.
    const awake = setInterval(() => undefined, 2 ** 30);
    const end = () => {
      clearInterval(awake);
      resolve();
    };
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });

function peerNamed(name: string | undefined): Peer {
  const peer = PEERS.find((peer) => peer.name === name);
  if (peer) return peer;
  throw usage(name === undefined ? "Name a server" : `There is no server "${name}"`);
}

function toPort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw usage(`"${text}" is no port`);
}

const usage = (message: string) =>
  new Trouble(message, "`npm run peers -- --help` says what there is");

function fail({ message, fix }: Trouble): void {
  const asJson = process.argv.includes("--json");
  if (asJson) process.stdout.write(`${JSON.stringify({ error: { message, fix } })}\n`);
  else process.stderr.write(`${message}\n  fix   ${fix}\n`);
  process.exitCode = 1;
}

const print = (value: unknown) => void process.stdout.write(`${JSON.stringify(value)}\n`);

/** JSON with bare keys, as isopod.json is written by hand. */
const toJson5 = (value: object) =>
  JSON.stringify(value, undefined, 2).replaceAll(/^(\s*)"([A-Za-z_]\w*)":/gm, "$1$2:");

try {
  await main();
} catch (error) {
  if (interrupted.signal.aborted) process.exitCode = 130;
  else if (error instanceof Trouble) fail(error);
  else throw error;
}
