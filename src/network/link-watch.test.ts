import assert from "node:assert/strict";
import { test } from "node:test";

import { createFakeClock } from "../../test/fakes/clock.ts";
import { silentLog } from "../base/log.ts";
import type { Reach } from "./link.ts";
import type { Footing } from "./link-state.ts";
import { createLinkWatch } from "./link-watch.ts";

const UP: Footing = { link: "unknown", reason: "a default route over eth0", network: "home" };
const OUT: Footing = { link: "no-link", reason: "no interface is up", network: "" };
const reached = { host: "a.example", verdict: "reached", reason: "a.example answered" } as const;
const failed = { ...reached, verdict: "failed", reason: "a.example: cut" } as const;

test("a cable that goes out and in is seen without anybody asking, and told once each way", async () => {
  const { watch, clock, set, heard } = create();
  set(OUT);
  await clock.advance(7_000);
  assert.deepEqual(heard.splice(0), ["no-link"]);
  set(UP);
  await clock.advance(25_000);
  assert.deepEqual(heard, ["unknown"]);
  watch.close();
  set(OUT);
  await clock.advance(60_000);
  assert.deepEqual(heard, ["unknown"], "closed is closed");
});

test("whoever asks gets what is the case now, and looks at most once a second", async () => {
  const { watch, clock, set, looks } = create({ stays: false });
  set(OUT);
  const before = looks();
  assert.equal(watch.reach().link, "unknown");
  await clock.advance(1_000);
  watch.reach();
  watch.reach();
  assert.equal(looks(), before + 1);
  await clock.advance(1_000);
  assert.deepEqual(watch.reach(), {
    mode: "internet",
    link: "no-link",
    reason: "no interface is up",
    since: clock.now(),
    named: false,
  });
});

test("a request that fails has the cable looked at before it is blamed", async () => {
  const { watch, clock, set } = create({ stays: false });
  watch.saw(reached);
  assert.equal(watch.reach().link, "online");
  set(OUT);
  for (let times = 0; times < 5; times++) watch.saw(failed);
  assert.equal(watch.reach().link, "online", "a second's patience");
  await clock.advance(1_000);
  assert.equal(watch.reach().link, "no-link");
});

test("a person's word is taken at the start, shown, and taken back", () => {
  const { watch } = create({ override: "down" });
  assert.deepEqual([watch.reach().link, watch.overridden], ["local", "down"]);
  watch.override(undefined);
  assert.deepEqual([watch.reach().link, watch.overridden], ["unknown", undefined]);
  watch.close();
});

test("a listener that fails keeps nobody from hearing of the change", () => {
  const { watch, heard } = create();
  watch.onChange(() => {
    throw new Error("broken");
  });
  const later: string[] = [];
  watch.onChange(({ link }) => later.push(link));
  watch.saw(reached);
  assert.deepEqual([heard, later], [["online"], ["online"]]);
  watch.close();
});

function create(given: { stays?: boolean; override?: "up" | "down" } = {}) {
  const clock = createFakeClock();
  let footing = UP;
  let looked = 0;
  const heard: Reach["link"][] = [];
  const watch = createLinkWatch({
    mode: () => "internet",
    named: false,
    hosts: 1,
    look: () => {
      looked += 1;
      return footing;
    },
    clock,
    log: silentLog,
    override: given.override,
    stays: given.stays ?? true,
  });
  watch.onChange(({ link }) => heard.push(link));
  const set = (next: Footing) => (footing = next);
  return { watch, clock, set, heard, looks: () => looked };
}
