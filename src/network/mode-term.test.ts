import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import type { Link, Locality, Mode } from "../protocol/event.ts";
import { hasWay } from "./link.ts";
import { type Footing, initialLink, type Instant, type Signal, stepLink } from "./link-state.ts";
import { afterRestart, endTerm, keptMode, type ModeState, modeOf, setMode } from "./mode-term.ts";
import { WIDTH } from "./policy.ts";

const MODES = ["device", "private", "internet"] as const;
const NOBODY: ModeState = { kept: undefined, term: undefined };
const UP: Footing = { link: "unknown", reason: "a default route", network: "home" };
const OUT: Footing = { link: "no-link", reason: "no interface is up", network: "" };
const LAN: Footing = { link: "local", reason: "no default route", network: "lan" };

test("nobody has set anything: the mode is private", () => {
  assert.equal(modeOf(NOBODY, "internet"), "private");
});

test("a term holds until its moment and not in it", () => {
  const state = setMode(NOBODY, { mode: "internet", by: "kim", at: 1_000 }, 5_000);
  assert.equal(modeOf(endTerm(state, 4_999), "internet"), "internet");
  assert.equal(modeOf(endTerm(state, 5_000), "internet"), "private");
});

test("a narrowing survives a clock that was put back; only a widening is doubted", () => {
  const state = setMode(NOBODY, { mode: "device", by: "kim", at: 1_000 }, 5_000);
  assert.equal(modeOf(endTerm(state, 10), "internet"), "device");
});

/** What happens to a gateway; only `set` is a person. */
type Event =
  | { kind: "set"; mode: Mode; forMs: number | "restart" | undefined }
  | { kind: "restart" }
  | { kind: "clock"; byMs: number }
  | { kind: "link"; signal: Signal };

const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  fc.record({
    kind: fc.constant("set" as const),
    mode: fc.constantFrom(...MODES),
    forMs: fc.oneof(
      fc.integer({ min: 1, max: 100_000 }),
      fc.constant("restart" as const),
      fc.constant(undefined),
    ),
  }),
  fc.constant<Event>({ kind: "restart" }),
  fc.integer({ min: -200_000, max: 200_000 }).map((byMs): Event => ({ kind: "clock", byMs })),
  fc
    .oneof(
      fc.constantFrom(UP, OUT, LAN).map((footing): Signal => ({ kind: "look", footing })),
      fc
        .constantFrom("reached" as const, "failed" as const, "portal" as const)
        .map((verdict): Signal => ({
          kind: "outcome",
          outcome: { host: "a.example", verdict, reason: "" },
        })),
    )
    .map((signal): Event => ({ kind: "link", signal })),
);

const PLACES: readonly Locality[] = ["embedded", "device", "lan", "mesh", "cloud", "unknown"];
const PERMITTED: Record<Mode, readonly Locality[]> = {
  device: ["embedded", "device"],
  private: ["embedded", "device", "lan", "mesh"],
  internet: PLACES,
};
/** All that may be asked now. */
const exposed = (mode: Mode, link: Link) => PERMITTED[mode].filter((place) => hasWay(link, place));

test("security: property: no sequence of events without a person widens what may be reached", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ afterMs: fc.nat(60_000), event: anyEvent }), { maxLength: 60 }),
      fc.constantFrom<Mode>("private", "internet"),
      (moments, cap) => {
        let state = NOBODY;
        let now: Instant = { wallMs: 1_000_000, elapsedMs: 0 };
        let link = initialLink(UP, now);
        for (const { afterMs, event } of moments) {
          const before = modeOf(endTerm(state, now.wallMs), cap);
          const jumpMs = event.kind === "clock" ? event.byMs : 0;
          now = { wallMs: now.wallMs + afterMs + jumpMs, elapsedMs: now.elapsedMs + afterMs };
          state = endTerm(state, now.wallMs);
          if (event.kind === "restart") state = afterRestart(state, now.wallMs);
          const { signal } = event.kind === "link" ? event : { signal: { kind: "tick" } as const };
          link = stepLink(link, signal, now).state;
          if (event.kind === "set") {
            const until = typeof event.forMs === "number" ? now.wallMs + event.forMs : event.forMs;
            state = setMode(state, { mode: event.mode, by: "kim", at: now.wallMs }, until);
          }
          const after = modeOf(state, cap);
          assert.ok(WIDTH[after] <= WIDTH[cap]);
          for (const place of exposed(after, link.link))
            assert.ok(PERMITTED[after].includes(place));
          if (event.kind === "set") continue;
          // It may have become as wide as a person set it for good, and no wider than it was.
          assert.ok(WIDTH[after] <= Math.max(WIDTH[before], WIDTH[keptMode(state)]));
          if (WIDTH[after] > WIDTH[before]) assert.equal(state.term, undefined);
        }
      },
    ),
    { numRuns: 1_000 },
  );
});
