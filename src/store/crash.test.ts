import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";

import { systemClock as clock } from "../base/clock.ts";
import { createStore, storeFile } from "./sqlite.ts";
import { migrations } from "./migrations.ts";

const folder = mkdtempSync(join(tmpdir(), "isopod-crash-"));
after(() => rmSync(folder, { recursive: true }));

const program = join(import.meta.dirname, "../../test/fakes/store-writer.ts");

test("kill -9 at any moment loses no acknowledged message, and leaves the file whole", async () => {
  const state = join(folder, "killed");
  const acknowledged: string[] = [];
  // A few of them: each ends at another place between two commits, by chance.
  for (let round = 0; round < 6; round++) {
    const enough = 5 + Math.floor(Math.random() * 200);
    acknowledged.push(...(await writeAndKill(state, `round${round}`, enough)));
  }
  assert.ok(acknowledged.length >= 30, `${acknowledged.length} were acknowledged`);

  const store = await createStore({ folder: state, clock });
  const sessions = await store.sessions.list("kim");
  const kept = new Set<string>();
  for (const { id } of sessions) {
    for (const message of await store.sessions.messages(id)) kept.add(message.id);
  }
  await store.close();
  assert.deepEqual(
    acknowledged.filter((id) => !kept.has(id)),
    [],
  );
  assert.equal(checkIntegrity(storeFile(state)), "ok");
});

async function writeAndKill(state: string, name: string, enough: number): Promise<string[]> {
  const child = spawn(process.execPath, [program, state, name], {
    stdio: ["ignore", "pipe", "inherit"],
    // One that hangs is no reason for the test to.
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
    if (printed.split("\n").length > enough) child.kill("SIGKILL");
  });
  const [, signal] = await once(child, "close");
  assert.equal(signal, "SIGKILL");
  // A line that was cut off was not read as an acknowledgement.
  return printed.split("\n").slice(0, -1);
}

const namespaces = spawnSync("unshare", ["-Urm", "true"]).status === 0;

test(
  "a full disk is STORE_FULL, loses nothing that was acknowledged, and is over once there is room",
  { skip: !namespaces && "this machine lets no user make a mount namespace" },
  () => {
    const disk = join(folder, "disk");
    const script = [
      'mkdir "$1" && mount -t tmpfs -o size=3m tmpfs "$1"',
      'head -c 1000000 /dev/zero > "$1/filler"',
      '"$2" "$3" "$1/state" before 20000 > "$1.lines"',
      'tail -n 1 "$1.lines"; grep -v STORE_FULL "$1.lines" | sort > "$1.acknowledged"',
      'rm "$1/filler"; echo "room"',
      '"$2" "$3" "$1/state" after 20000 > "$1.lines"',
      'tail -n 1 "$1.lines"; grep -v STORE_FULL "$1.lines" | sort | tee -a "$1.acknowledged" | wc -l',
      // Against what a program reads that knows nothing of ours.
      '"$2" -e "$4" "$1/state/isopod.db" | sort > "$1.kept"',
      'sort "$1.acknowledged" | comm -23 - "$1.kept"; wc -l < "$1.acknowledged"',
    ].join("\n");
    const list = `
      const { DatabaseSync } = require("node:sqlite");
      const rows = new DatabaseSync(process.argv[1]).prepare("select id from messages").all();
      for (const { id } of rows) console.log(id);`;
    const args = ["-Urm", "sh", "-ec", script, "sh", disk, process.execPath, program, list];
    const { stdout, stderr } = spawnSync("unshare", args, { encoding: "utf8" });
    const [full, room, fullAgain, more, ...rest] = stdout.trim().split("\n");
    const seen = { full, room, fullAgain };
    assert.deepEqual(seen, { full: "STORE_FULL", room: "room", fullAgain: "STORE_FULL" }, stderr);
    assert.ok(Number(more) > 10, `${more} messages were acknowledged once there was room`);
    const [count, ...lost] = rest.toReversed();
    assert.ok(Number(count) > 30, `${count} messages were acknowledged in all`);
    assert.deepEqual(lost, []);
  },
);

test("a store that may not grow says STORE_FULL, answers, and goes on once something was deleted", async () => {
  const cap = { version: migrations.length + 1, sql: "pragma max_page_count = 80" };
  const state = join(folder, "capped");
  const store = await createStore({ folder: state, clock, migrations: [...migrations, cap] });
  const session = { id: "ses_big", owner: "kim", title: "Big", createdAt: 1, updatedAt: 1 };
  await store.sessions.create(session);
  await store.turns.open(
    { id: "turn", session: "ses_big", owner: "kim", state: "done", attended: true, createdAt: 1 },
    message("msg_first", 100_000),
  );
  await store.values.set("kept", "yes");
  const settled = await Promise.allSettled([
    store.values.set("small", "fits"),
    store.turns.append([message("msg_huge", 1_000_000)]),
  ]);
  assert.deepEqual(
    settled.map((result) => (result.status === "rejected" ? result.reason.code : "kept")),
    ["kept", "STORE_FULL"],
  );
  assert.equal(await store.values.get("kept"), "yes");
  assert.equal(await store.values.get("small"), "fits");
  assert.equal((await store.sessions.messages("ses_big")).length, 1);
  await store.sessions.delete("kim", "ses_big");
  await store.values.set("after", "y".repeat(50_000));
  await store.close();
  assert.equal(checkIntegrity(storeFile(state)), "ok");
});

function message(id: string, sizeBytes: number) {
  const text = "x".repeat(sizeBytes);
  return { id, session: "ses_big", turn: "turn", at: 1, message: { role: "user" as const, text } };
}

function checkIntegrity(file: string): unknown {
  const db = new DatabaseSync(file);
  const found = db.prepare("pragma integrity_check").get()?.["integrity_check"];
  db.close();
  return found;
}
