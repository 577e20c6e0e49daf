/**
 * Writes to the store in the folder it is given until it is killed or the disk is full, and prints the id
 * of each message once that was acknowledged. For tests that pull the plug.
 *
 *     node test/fakes/store-writer.ts FOLDER NAME [BYTES]
 */

import { writeSync } from "node:fs";

import { systemClock as clock } from "../../src/base/clock.ts";
import { Fault } from "../../src/base/fault.ts";
import { createStore } from "../../src/store/sqlite.ts";

const [folder = "", name = "", sizeBytes = "200"] = process.argv.slice(2);
const session = `ses_${name}`;
const turn = `turn_${name}`;
const text = "x".repeat(Number(sizeBytes));

const store = await createStore({ folder, clock });
await store.sessions.create({
  id: session,
  owner: "kim",
  title: name,
  createdAt: 1,
  updatedAt: 1,
});
await store.turns.open(
  { id: turn, session, owner: "kim", state: "running", attended: true, createdAt: 1 },
  messageOf(`msg_${name}_first`),
);

let isFull = false;
await Promise.all(["a", "b", "c"].map(append));
await store.close();

/** Three at a time, so that commits are shared. */
async function append(lane: string): Promise<void> {
  for (let count = 0; !isFull; count++) {
    const id = `msg_${name}_${lane}${count}`;
    try {
      await store.turns.append([messageOf(id)]);
      writeSync(1, `${id}\n`);
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== "STORE_FULL") throw error;
      if (!isFull) writeSync(1, "STORE_FULL\n");
      isFull = true;
    }
  }
}

function messageOf(id: string) {
  return { id, session, turn, at: 1, message: { role: "user" as const, text } };
}
