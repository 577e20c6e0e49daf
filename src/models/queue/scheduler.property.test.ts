/** Whatever happens in whatever order: nobody is lost, doubled or starved, and people go first. */

import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { createFakeClock } from "../../../test/fakes/clock.ts";
import { MAX_OVERTAKEN, PRIORITIES, type Priority } from "./order.ts";
import { createScheduler, type Entry, type Place } from "./scheduler.ts";

type Act =
  | { act: "come"; priority: Priority; model: string }
  | { act: "leave"; which: number }
  | { act: "abort"; which: number }
  | { act: "limit"; limit: number }
  | { act: "time"; ms: number };

const acts = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: comes() },
    { weight: 4, arbitrary: fc.record({ act: fc.constant("leave"), which: fc.nat(20) }) },
    { weight: 2, arbitrary: fc.record({ act: fc.constant("abort"), which: fc.nat(20) }) },
    {
      weight: 1,
      arbitrary: fc.record({ act: fc.constant("limit"), limit: fc.integer({ min: 1, max: 4 }) }),
    },
    { weight: 2, arbitrary: fc.record({ act: fc.constant("time"), ms: fc.nat(90_000) }) },
  ),
  { maxLength: 80 },
) as fc.Arbitrary<Act[]>; // each record is one of the acts

function comes() {
  return fc.record({
    act: fc.constant("come"),
    priority: fc.constantFrom(...PRIORITIES),
    model: fc.constantFrom("a", "b", "c"),
  });
}

type Job = {
  entry: Entry;
  stop: AbortController;
  state: "waiting" | "running" | "over";
  starts: number;
  place?: Place;
};

const settle = async () => {
  for (let i = 0; i < 3; i++) await Promise.resolve();
};

async function play(script: readonly Act[]) {
  const clock = createFakeClock();
  const scheduler = createScheduler(clock, 2);
  const jobs: Job[] = [];
  let limit = 2;
  const started = (job: Job, place: Place) => {
    job.state = "running";
    job.starts += 1;
    job.place = place;
  };
  const only = (state: Job["state"]) => jobs.filter((job) => job.state === state);
  const check = () => {
    const running = only("running").length;
    const { state } = scheduler;
    assert.equal(state.running, running);
    const { person, api, background } = state.waiting;
    assert.equal(person + api + background, only("waiting").length);
    assert.ok(running >= limit || only("waiting").length === 0, "a place stayed free");
    for (const { entry } of jobs) assert.ok(entry.overtaken <= MAX_OVERTAKEN);
  };
  for (const act of script) {
    if (act.act === "come") {
      const job: Job = {
        entry: scheduler.join(act),
        stop: new AbortController(),
        state: "waiting",
        starts: 0,
      };
      jobs.push(job);
      const place = scheduler.take(job.entry);
      if (place) started(job, place);
      else {
        scheduler.wait(job.entry, job.stop.signal).then(
          (place) => started(job, place),
          () => (job.state = "over"),
        );
      }
    } else if (act.act === "leave") {
      const running = only("running");
      const job = running[act.which % Math.max(1, running.length)];
      if (job) {
        job.state = "over";
        job.place?.leave();
        job.place?.leave(); // once too often changes nothing
      }
    } else if (act.act === "abort") {
      const waiting = only("waiting");
      waiting[act.which % Math.max(1, waiting.length)]?.stop.abort(new Error("stop"));
    } else if (act.act === "limit") {
      scheduler.setLimit(act.limit);
      limit = act.limit;
    } else await clock.advance(act.ms);
    await settle();
    check();
  }
  return { scheduler, jobs, only, check, clock };
}

test("property: no place is lost or taken twice, in whatever state a request is aborted", async () => {
  await fc.assert(
    fc.asyncProperty(acts, async (script) => {
      const { jobs, only, check } = await play(script);
      // Everybody who stays comes to the turn, once, when those before leave.
      for (let left = jobs.length + 1; left > 0 && only("running").length > 0; left -= 1) {
        for (const job of only("running")) {
          job.state = "over";
          job.place?.leave();
        }
        await settle();
        check();
      }
      assert.equal(only("waiting").length, 0);
      for (const job of jobs) assert.ok(job.starts <= 1);
      for (const job of jobs) assert.ok(job.starts === 1 || job.stop.signal.aborted);
    }),
    { numRuns: 150 },
  );
});

test("property: under people without end, work of the background starts once it has aged", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 20 }), async (everySeconds) => {
      const clock = createFakeClock();
      const scheduler = createScheduler(clock, 1);
      const never = new AbortController().signal;
      let place = scheduler.take(scheduler.join({ priority: "person", model: "a" }));
      const started = new AbortController();
      const job = scheduler.join({ priority: "background", model: "b" });
      void scheduler.wait(job, never).then(() => started.abort());
      // Two people come for each answer: the line of people only grows.
      for (let seconds = 0; !started.signal.aborted; seconds += everySeconds) {
        assert.ok(seconds < 900, "it starved");
        for (let i = 0; i < 2; i++) {
          const person = scheduler.join({ priority: "person", model: "a" });
          void scheduler.wait(person, never).then((got) => (place = got));
        }
        await clock.advance(everySeconds * 1000);
        place?.leave();
        await settle();
      }
    }),
    { numRuns: 20 },
  );
});

test("property: no person starts after a program or a job that came later, but for the swap bound", async () => {
  await fc.assert(
    fc.asyncProperty(acts, async (script) => {
      const order: Entry[] = [];
      const { scheduler, jobs, only } = await play(script);
      const waiting = new Set(only("waiting"));
      const { limit } = scheduler.state;
      scheduler.setLimit(1);
      while (only("running").length > 0) {
        for (const job of only("running")) {
          job.state = "over";
          job.place?.leave();
        }
        await settle();
        order.push(
          ...jobs
            .filter((job) => waiting.has(job) && job.state === "running")
            .map(({ entry }) => entry),
        );
      }
      assert.ok(limit > 0);
      for (const [at, entry] of order.entries()) {
        if (entry.priority === "person") continue;
        const later = order.slice(at + 1);
        assert.ok(
          later.every((other) => other.priority !== "person" || other.sinceMs > entry.sinceMs),
          "a person who came before waited behind it",
        );
      }
    }),
    { numRuns: 100 },
  );
});
