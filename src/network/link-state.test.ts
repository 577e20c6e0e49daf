import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import type { Link } from "../protocol/event.ts";
import type { Outcome } from "./link-outcome.ts";
import {
  dueInMs,
  type Effect,
  type Footing,
  initialLink,
  type Instant,
  isWorse,
  type LinkState,
  MIN_HOLD_MS,
  type Signal,
  stepLink,
} from "./link-state.ts";

const UP: Footing = { link: "unknown", reason: "a default route over eth0", network: "home" };
const OUT: Footing = { link: "no-link", reason: "no interface is up", network: "" };
const LAN: Footing = { link: "local", reason: "no default route", network: "lan" };
const CAFE: Footing = { link: "unknown", reason: "a default route over wlan0", network: "cafe" };

const reached = outcome("a.example", "reached");
const failed = (host = "a.example") => outcome(host, "failed");
const portal = (host = "a.example") => outcome(host, "portal");

test("a way that nobody has gone is unknown, and the first answer makes it online", () => {
  const link = start(UP);
  assert.equal(link.now(), "unknown");
  link.see(0, reached);
  assert.equal(link.now(), "online");
  assert.equal(link.state().reason, "a.example reached");
});

test("a cable that is out shows after a second's patience, not for a blink", () => {
  const link = start(UP);
  link.see(0, reached).look(10, OUT);
  assert.equal(link.now(), "online");
  link.look(500, UP).look(400, OUT);
  assert.equal(link.now(), "online", "the blink began anew");
  link.look(1_000, OUT);
  assert.equal(link.now(), "no-link");
  assert.equal(link.state().reason, "no interface is up");
});

test("a cable that is back counts once the hold-down is over, without anybody doing anything", () => {
  const link = start(UP).look(0, OUT).look(1_000, OUT);
  assert.equal(link.now(), "no-link");
  link.look(1_000, UP);
  assert.equal(link.now(), "no-link");
  assert.equal(link.state().reason, "it is back and must hold for a while first");
  assert.equal(dueInMs(link.state()), MIN_HOLD_MS - 1_000);
  link.tick(MIN_HOLD_MS - 1_000);
  assert.equal(link.now(), "unknown");
});

test("a long outage is over at once when the cable is back", () => {
  const link = start(UP).look(0, OUT).look(1_000, OUT).look(60_000, UP);
  assert.equal(link.now(), "unknown");
});

test("the hold-down doubles while the link flaps, and is short again after half an hour of calm", () => {
  const link = start(UP);
  const holds = [1, 2, 3, 4, 5, 6, 7].map(() => {
    link.look(0, OUT).look(3_000, OUT);
    assert.equal(link.now(), "no-link");
    const { holdMs } = link.state();
    link.look(holdMs, UP);
    assert.equal(link.now(), "unknown");
    return holdMs / 1_000;
  });
  assert.deepEqual(holds, [15, 30, 60, 120, 240, 300, 300]);
  link.look(2_000_000, UP).look(0, OUT).look(3_000, OUT);
  assert.equal(link.state().holdMs, MIN_HOLD_MS);
});

test("one server that fails once or twice is not the link; a second server, or a third time, is", () => {
  const alone = start(UP).see(0, reached).see(0, failed()).see(1_000, failed());
  assert.equal(alone.now(), "online");
  assert.equal(alone.see(1_000, failed()).now(), "degraded");
  const two = start(UP).see(0, failed()).see(1_000, failed("b.example"));
  assert.equal(two.now(), "degraded");
  const far = start(UP).see(0, failed()).see(61_000, failed("b.example"));
  assert.equal(far.now(), "unknown", "failures a minute apart are chance");
  const mixed = start(UP).see(0, failed()).see(0, reached).see(0, failed("b.example"));
  assert.equal(mixed.now(), "online");
});

test("where the config names several hosts, one that always fails does not keep the others from being asked", () => {
  const link = start(UP, 2);
  for (let times = 0; times < 10; times++) link.see(1_000, failed());
  assert.equal(link.now(), "unknown");
  assert.equal(link.see(0, failed("b.example")).now(), "degraded");
  link.tick(MIN_HOLD_MS).see(0, failed());
  assert.equal(link.now(), "unknown", "afterwards, too");
});

test("a bad certificate alone is the link's where there is one host, and its own until a second one has one", () => {
  const bad = (host: string) => outcome(host, "uncertified");
  assert.equal(start(UP).see(0, bad("a.example")).now(), "portal");
  const link = start(UP, 3).see(0, bad("a.example")).see(0, bad("a.example"));
  assert.equal(link.now(), "unknown");
  assert.equal(link.see(0, bad("b.example")).now(), "portal");
  const cleared = start(UP, 3).see(0, bad("a.example")).see(0, outcome("b.example", "reached"));
  assert.equal(cleared.see(40_000, bad("b.example")).now(), "online");
});

test("a degraded link is tried again after the hold-down, and one more failure sets it back for longer", () => {
  const link = start(UP).see(0, failed()).see(0, failed("b.example"));
  assert.equal(link.now(), "degraded");
  assert.equal(dueInMs(link.state()), MIN_HOLD_MS);
  link.tick(MIN_HOLD_MS);
  assert.equal(link.now(), "unknown", "the next request may try");
  link.see(0, failed());
  assert.equal(link.now(), "degraded");
  assert.equal(link.state().holdMs, 2 * MIN_HOLD_MS);
  link.tick(2 * MIN_HOLD_MS).see(0, reached);
  assert.equal(link.now(), "online");
});

test("a portal is believed at once, and outlasts failures; it is tried again after the hold-down", () => {
  const link = start(UP).see(0, reached).see(31_000, portal());
  assert.equal(link.now(), "portal");
  link.see(0, failed()).see(0, failed("b.example")).see(0, failed());
  assert.equal(link.now(), "portal");
  link.tick(MIN_HOLD_MS);
  assert.equal(link.now(), "unknown");
});

test("a bad certificate of one server is its own while another is reached", () => {
  const link = start(UP).see(0, reached).see(1_000, portal("b.example"));
  assert.equal(link.now(), "online");
  assert.equal(link.see(0, portal("a.example")).now(), "portal", "the very one that was reached");
});

test("failures without a way tell nothing: the cable is the reason", () => {
  const link = start(LAN).see(0, failed()).see(0, failed("b.example")).see(0, portal());
  assert.equal(link.now(), "local");
  assert.equal(link.state().reason, "no default route");
  link.look(0, UP);
  assert.equal(link.now(), "unknown");
});

test("what was learnt of one network is forgotten in the next", () => {
  const link = start(UP).see(0, portal());
  assert.equal(link.now(), "portal");
  link.look(MIN_HOLD_MS - 1, CAFE).tick(1);
  assert.equal(link.now(), "unknown");
  assert.equal(link.see(0, failed()).now(), "unknown", "one failure is nothing there");
});

test("after a sleep the network has five seconds to come up again, and old failures count no more", () => {
  const link = start(UP).see(0, reached).see(0, failed()).see(0, failed());
  link.sleep(3_600_000, OUT);
  assert.equal(link.now(), "online");
  assert.ok(link.effects.some(({ kind }) => kind === "woke"));
  link.look(4_000, OUT);
  assert.equal(link.now(), "online");
  link.look(500, UP).look(0, UP);
  assert.notEqual(link.now(), "no-link");
  assert.equal(link.see(0, failed()).now(), link.now(), "the two before the sleep are forgotten");
  const gone = start(UP).sleep(3_600_000, OUT).look(5_000, OUT);
  assert.equal(gone.now(), "no-link");
});

test("a person's word counts at once, against what is seen, until it is taken back", () => {
  const link = start(UP).see(0, reached);
  link.feed(0, { kind: "override", said: "down" });
  assert.equal(link.now(), "local");
  link.see(0, reached);
  assert.equal(link.now(), "local");
  link.feed(0, { kind: "override", said: undefined });
  assert.equal(link.now(), "online");
  const off = start(LAN).feed(0, { kind: "override", said: "up" });
  assert.equal(off.now(), "unknown", "what nobody has seen is not claimed");
  assert.equal(off.see(0, reached).now(), "online");
});

test("a person's check that gets through counts at once, also where no default route is seen", () => {
  const link = start(UP).see(0, portal());
  link.feed(1_000, { kind: "checked", outcome: reached });
  assert.equal(link.now(), "online");
  const routed = start(LAN).feed(0, { kind: "checked", outcome: reached });
  assert.equal(routed.now(), "online");
  assert.equal(routed.look(5_000, LAN).now(), "online");
  assert.equal(start(LAN).see(0, reached).now(), "local", "a late answer proves no way");
});

const anySignal: fc.Arbitrary<Signal> = fc.oneof(
  fc.constantFrom(UP, OUT, LAN, CAFE).map((footing): Signal => ({ kind: "look", footing })),
  fc
    .record({
      host: fc.constantFrom("a.example", "b.example", "c.example"),
      verdict: fc.constantFrom("reached", "failed", "portal", "uncertified"),
    })
    .map(({ host, verdict }): Signal => ({ kind: "outcome", outcome: outcome(host, verdict) })),
  fc.constant<Signal>({ kind: "tick" }),
);
const anyMoment = fc.record({
  afterMs: fc.oneof(fc.nat(2_000), fc.nat(40_000), fc.nat(400_000)),
  asleepMs: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.nat(10_000_000)),
  signal: anySignal,
});

test("property: whatever happens, the link gets better no sooner than the hold-down after it got worse", () => {
  fc.assert(
    fc.property(fc.array(anyMoment, { maxLength: 80 }), fc.nat(3), (moments, hosts) => {
      const link = start(UP, hosts);
      let worsenedMs = Number.NEGATIVE_INFINITY;
      let holdMs = MIN_HOLD_MS;
      for (const { afterMs, asleepMs, signal } of moments) {
        const seen = link.effects.length;
        link.feed(afterMs, signal, asleepMs);
        const atMs = link.elapsedMs();
        for (const effect of link.effects.slice(seen)) {
          if (effect.kind !== "changed") continue;
          if (isWorse(effect.to, effect.from)) {
            worsenedMs = atMs;
            ({ holdMs } = link.state());
            assert.ok(holdMs >= MIN_HOLD_MS);
          } else assert.ok(atMs - worsenedMs >= holdMs, `after ${atMs - worsenedMs} ms`);
        }
      }
    }),
    { numRuns: 500 },
  );
});

test("property: when events end, the link shows what is the case, and once it does it rests", () => {
  fc.assert(
    fc.property(
      fc.array(anyMoment, { maxLength: 40 }),
      fc.constantFrom(UP, OUT, LAN),
      (moments, last) => {
        const link = start(UP);
        for (const { afterMs, asleepMs, signal } of moments) link.feed(afterMs, signal, asleepMs);
        link.look(0, last);
        for (let times = 0; times < 10; times += 1) {
          const dueMs = dueInMs(link.state());
          if (dueMs === undefined) break;
          link.tick(dueMs);
        }
        assert.equal(dueInMs(link.state()), undefined);
        const expected: Link[] = last === UP ? ["unknown", "online"] : [last.link];
        assert.ok(expected.includes(link.now()), link.now());
      },
    ),
    { numRuns: 500 },
  );
});

function outcome(host: string, verdict: Outcome["verdict"]): Outcome {
  return { host, verdict, reason: `${host} ${verdict}` };
}

/** A link whose time a test lets pass, in ms before each signal. */
function start(footing: Footing, hosts = 1) {
  let now: Instant = { wallMs: 1_700_000_000_000, elapsedMs: 0 };
  let state: LinkState = initialLink(footing, now, hosts);
  const effects: Effect[] = [];
  const link = {
    effects,
    now: () => state.link,
    state: () => state,
    elapsedMs: () => now.elapsedMs,
    feed(afterMs: number, signal: Signal, asleepMs = 0) {
      now = { wallMs: now.wallMs + afterMs + asleepMs, elapsedMs: now.elapsedMs + afterMs };
      const step = stepLink(state, signal, now);
      state = step.state;
      effects.push(...step.effects);
      return link;
    },
    look: (afterMs: number, seen: Footing) => link.feed(afterMs, { kind: "look", footing: seen }),
    see: (afterMs: number, told: Outcome) => link.feed(afterMs, { kind: "outcome", outcome: told }),
    tick: (afterMs: number) => link.feed(afterMs, { kind: "tick" }),
    sleep: (asleepMs: number, seen: Footing) =>
      link.feed(0, { kind: "look", footing: seen }, asleepMs),
  };
  return link;
}
