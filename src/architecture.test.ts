import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";

/** Rooms from the ground up. A file may import from its own room and from rooms below. */
const ROOMS = [
  "base",
  "protocol",
  "process",
  "network",
  "auth",
  "store",
  "sandbox",
  "models",
  "documents",
  "tools",
  "agent",
  "channels",
  "relay",
  "offline",
  "config",
  "doctor",
  "gateway",
  "cli",
];

/** Modules that one room alone may import, and why. */
const DOORS = [
  {
    module:
      /^(node:)?(https?|http2|net|tls|dgram|dns|dns\/promises|undici|ws|@hono\/node-server)(\/|$)/,
    rooms: ["network"],
    why: "so that offline has one door to close",
  },
  {
    module: /^(node:)?(child_process|worker_threads|cluster|vm)$/,
    rooms: ["process"],
    why: "so that each start declares its network and is ledgered",
  },
  { module: /^(node:)?sqlite$/, rooms: ["store"], why: "so that there is one writer" },
];

/** Worker threads need their own end of the channel; they start nothing. */
const INSIDE_WORKERS = /(^|[/-])worker\.ts$/;

test("the list of rooms is the list of folders", () => {
  const folders = globSync("*/", { cwd: import.meta.dirname }).map(roomOf);
  assert.deepEqual(folders.toSorted(), ROOMS.toSorted());
});

test("imports point downwards", () => {
  for (const { file, module } of imports()) {
    if (!module.startsWith(".")) continue;
    const target = normalize(join(dirname(file), module));
    const room = roomOf(target);
    assert.ok(
      height(room) <= height(roomOf(file)),
      `src/${file} imports up from ${room}: pass it in instead`,
    );
  }
});

test("a room's list of items is imported by the composition root alone", () => {
  const lists = ["providers", "tools", "channels", "checks", "commands"];
  for (const { file, module } of imports()) {
    const list = lists.find((name) => module.endsWith(`/${name}.ts`));
    const room = roomOf(normalize(join(dirname(file), module)));
    assert.ok(
      !list || !file.includes("/") || room === roomOf(file),
      `src/${file} imports the list ${module}: import its contract, and have app.ts hand in the items`,
    );
  }
});

test("dangerous modules stay behind their door", () => {
  for (const { file, module } of imports()) {
    if (INSIDE_WORKERS.test(file) && module.endsWith("worker_threads")) continue;
    const door = DOORS.find(
      (door) => door.module.test(module) && !door.rooms.includes(roomOf(file)),
    );
    assert.ok(!door, `src/${file} imports ${module}: only ${door?.rooms} may, ${door?.why}`);
  }
});

test("network globals stay behind the network's door", () => {
  for (const file of sources()) {
    if (roomOf(file) === "network") continue;
    const code = read(file).replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, "");
    const found = /(?<![.\w"'`/-])(fetch\(|new WebSocket\(|new EventSource\()/.exec(code);
    assert.ok(!found, `src/${file} uses ${found?.[1]}: go through network's egress`);
  }
});

test("the preload alone patches globals", () => {
  for (const file of sources()) {
    const found = /syncBuiltinESMExports|prototype\.\w+\s*=[^=]|globalThis\.\w+\s*=[^=]/.exec(
      read(file),
    );
    assert.ok(!found, `src/${file} patches ${found?.[0]}`);
  }
});

function imports(): { file: string; module: string }[] {
  return sources().flatMap((file) => {
    const found = read(file).matchAll(
      /^\s*(?:import|export)\s+(?:type\s)?[^"';]*?from\s*["']([^"']+)["']|\b(?:import|getBuiltinModule)\(\s*["']([^"']+)["']|^\s*import\s+["']([^"']+)["']/gm,
    );
    return Array.from(found, ([, from, dynamic, bare]) => ({
      file,
      module: from ?? dynamic ?? bare ?? "",
    }));
  });
}

/** Tests may reach up for a fake or a list; what ships may not. */
function sources(): string[] {
  return globSync("**/*.ts", { cwd: import.meta.dirname }).filter(
    (file) => !/\.(test|conformance)\.ts$/.test(file),
  );
}

const read = (file: string) => readFileSync(join(import.meta.dirname, file), "utf8");

function roomOf(path: string): string {
  return path.split("/")[0] ?? path;
}

/** What is in no room, such as `app.ts`, is above them all. */
function height(room: string): number {
  const index = ROOMS.indexOf(room);
  return index === -1 ? Infinity : index;
}
