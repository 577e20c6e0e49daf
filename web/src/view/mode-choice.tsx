import { useSignal } from "@preact/signals";

import type { FaultReport } from "../../../src/base/fault.ts";
import type { Mode, Status } from "../../../src/protocol/event.ts";
import { toReport } from "../state/store.ts";
import { toClock } from "../text/clock.ts";
import { texts } from "../texts.ts";
import { useApp } from "./context.ts";
import { Icon } from "./icon.tsx";
import { FaultNotice } from "./prose.tsx";

const MODES = ["device", "private", "internet"] as const satisfies readonly Mode[];

/** From the tightest to the widest; what is chosen counts once the gateway has agreed. */
export function ModeChoice({ status }: { status: Status }) {
  const { store } = useApp();
  const fault = useSignal<FaultReport | null>(null);
  const asked = useSignal<Mode | null>(null);
  const isAdmin = store.me.value?.scopes.includes("admin") ?? false;

  const choose = async (mode: Mode) => {
    asked.value = mode;
    fault.value = null;
    try {
      await store.setMode(mode);
    } catch (error) {
      fault.value = toReport(error);
    } finally {
      asked.value = null;
    }
  };

  return (
    <>
      <p class="muted">{texts.mode.lead}</p>
      {status.modeUntil !== undefined && (
        <p class="muted">
          {status.modeUntil === "restart"
            ? texts.mode.untilRestart
            : texts.mode.until(toClock(status.modeUntil))}
        </p>
      )}
      <fieldset class="choices" disabled={!isAdmin || asked.value !== null}>
        <legend class="unseen">{texts.mode.title}</legend>
        {MODES.map((mode) => (
          <label key={mode} class="choice">
            <input
              type="radio"
              name="mode"
              value={mode}
              checked={(asked.value ?? status.mode) === mode}
              onChange={() => void choose(mode)}
            />
            <Icon name={mode} />
            <span>
              <span class="choice-name">{texts.mode.names[mode]}</span>
              <span class="choice-text">{texts.mode.texts[mode]}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {!isAdmin && <p class="muted">{texts.mode.needsAdmin}</p>}
      {fault.value && <FaultNotice fault={fault.value} />}
    </>
  );
}
