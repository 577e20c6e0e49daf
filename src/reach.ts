/** Composes mode and link: part of the composition root, beside `ground.ts` and `app.ts`. */

import type { Ground, Closing } from "./ground.ts";
import { systemClock as clock } from "./base/clock.ts";
import type { Log } from "./base/log.ts";
import type { Hub } from "./channels/hub.ts";
import type { Config } from "./config/config.ts";
import type { ReachDeps } from "./gateway/routes/reach.ts";
import type { ModeSwitch } from "./network/egress.ts";
import type { Ledger } from "./network/ledger.ts";
import { describeLink, isHindered, type LinkWatch } from "./network/link.ts";
import { createLinkCheck } from "./network/link-check.ts";
import { lookAtNetwork, toFooting } from "./network/link-look.ts";
import { type Sighting, toOutcome } from "./network/link-outcome.ts";
import { createLinkWatch } from "./network/link-watch.ts";
import { createModeSwitch, parseMode } from "./network/mode.ts";
import { keptMode } from "./network/mode-term.ts";
import { toLimits } from "./network/mode-limits.ts";
import { countFar, isNear, type Named } from "./network/named.ts";
import { offlineSetting } from "./network/settings.ts";
import type { LinkOverride, LinkStatus, Status } from "./protocol/event.ts";
import type { Store } from "./store/store.ts";

export type ReachGround = {
  config: Config;
  store: Store;
  ledger: Ledger;
  log: Log;
  closing: Closing;
  /** What may be contacted at all. */
  named: readonly Named[];
  /** False for a gateway that serves one command. */
  stays: boolean;
};

export async function openReach({
  config,
  named,
  store,
  ledger,
  log,
  closing,
  stays,
}: ReachGround) {
  const { values } = store;
  let stored = await values.get(MODE);
  const mode = createModeSwitch({
    offline: config.get(offlineSetting),
    read: () => stored,
    async write(text) {
      await values.set(MODE, text);
      stored = text;
    },
    ledger,
    clock,
    log,
  });
  closing(() => mode.close());
  const said = await values.get(LINK);
  const override = OVERRIDES.find((each) => each === said);
  const look = () => toFooting(lookAtNetwork());
  const link = createLinkWatch({
    mode: () => mode.mode,
    named: named.some(isNear),
    hosts: countFar(named),
    look,
    clock,
    log,
    override,
    stays,
  });
  closing(() => link.close());
  const saw = (sighting: Sighting) => {
    const outcome = toOutcome(sighting);
    if (outcome) link.saw(outcome);
  };
  /** The mode that a person set for good, as it is stored. */
  const storedMode = () => parseMode(stored).kept?.mode;
  return { mode, storedMode, link, saw };
}

/** Under these the store keeps what a person said. */
const MODE = "mode";
const LINK = "link";
const OVERRIDES: readonly LinkOverride[] = ["up", "down"];

export function reachStatus(
  link: LinkWatch,
  mode: ModeSwitch,
): Pick<Status, "mode" | "modeUntil" | "link"> {
  const { term } = mode.state;
  return {
    mode: mode.mode,
    ...(term && { modeUntil: term.until }),
    link: toLinkStatus(link),
  };
}

function toLinkStatus(watch: LinkWatch): LinkStatus {
  const reach = watch.reach();
  return {
    state: reach.link,
    reason: reach.reason,
    since: reach.since,
    ...(isHindered(reach) && { hinders: describeLink(reach) }),
  };
}

export type Announcing = {
  hub: Pick<Hub, "publishToAll">;
  status: () => Promise<Status>;
  watchers: () => number;
};

/** Tells everybody who watches when mode or link change by themselves. */
export function announceReach(
  { mode, link, log, closing }: Ground,
  { hub, status, watchers }: Announcing,
): void {
  const tell = () => {
    // To know who answers now, a server may have to be asked: that is done for people who look, not to find out.
    if (watchers() === 0) return;
    void status()
      .then((now) => hub.publishToAll({ type: "status", status: now }))
      .catch((error: unknown) => log.error({ err: error }, "a change of the link was not told"));
  };
  const stops = [mode.onChange(tell), link.onChange(tell)];
  closing(() => stops.forEach((stop) => stop()));
}

export function reachDeps(ground: Ground): Omit<ReachDeps, "status" | "hub"> {
  const { mode, link, store } = ground;
  const check = createLinkCheck({ ...ground, clock });
  return {
    async readMode() {
      const { state, cap } = mode;
      const said = state.term ?? state.kept;
      const name = said?.by ? (await store.auth.person(said.by))?.name : undefined;
      return {
        mode: mode.mode,
        kept: keptMode(state),
        cap,
        until: state.term?.until ?? null,
        setBy: name ?? null,
        setAt: said?.at || null,
        limits: toLimits(state, cap, link.reach()),
        link: { ...toLinkStatus(link), override: link.overridden ?? null },
      };
    },
    setMode: (next, wish) => mode.set(next, wish),
    async setLink(said) {
      await store.values.set(LINK, said ?? "");
      link.override(said);
    },
    async checkLink(host, signal) {
      const { outcome, ...report } = await check(host, signal);
      if (outcome) link.checked(outcome);
      return { ...report, link: toLinkStatus(link) };
    },
  };
}
