import { useSignal } from "@preact/signals";

import type { FaultReport } from "../../../src/base/fault.ts";
import { toReport } from "../state/store.ts";
import { texts } from "../texts.ts";
import { useApp } from "./context.ts";
import { Mark } from "./icon.tsx";
import { FaultNotice, Prose } from "./prose.tsx";

const words = texts.pair;

export function PairPage({ wasPaired }: { wasPaired: boolean }) {
  const { api, pairing, code } = useApp();
  const device = useSignal(guessDeviceName(navigator.userAgent));
  const fault = useSignal<FaultReport | null>(null);
  const isBusy = useSignal(false);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (isBusy.value) return;
    isBusy.value = true;
    fault.value = null;
    try {
      const request = { code: code.value.trim(), device: device.value.trim() };
      pairing.keep(await api.pair(request), request.device);
      code.value = "";
    } catch (error) {
      fault.value = toReport(error);
    } finally {
      isBusy.value = false;
    }
  };

  return (
    <main class="pair">
      <form class="pair-card" onSubmit={submit}>
        <Mark />
        <h1>{words.title}</h1>
        <p class="lead">{wasPaired ? words.unknown : words.lead}</p>
        <label class="field">
          <span class="field-name">{words.code}</span>
          <input
            class="input code-input"
            name="code"
            required
            minLength={4}
            maxLength={64}
            autocomplete="one-time-code"
            autocapitalize="off"
            autocorrect="off"
            spellcheck={false}
            autofocus={code.value === ""}
            value={code.value}
            onInput={(event) => (code.value = event.currentTarget.value)}
          />
          <span class="field-hint">
            <Prose text={words.codeHint} />
          </span>
        </label>
        <label class="field">
          <span class="field-name">{words.device}</span>
          <input
            class="input"
            name="device"
            required
            maxLength={80}
            autocomplete="off"
            value={device.value}
            onInput={(event) => (device.value = event.currentTarget.value)}
          />
          <span class="field-hint">{words.deviceHint}</span>
        </label>
        {fault.value && <FaultNotice fault={fault.value} />}
        <button
          class="button primary wide"
          type="submit"
          disabled={isBusy.value}
          autofocus={code.value !== ""}
        >
          {isBusy.value ? words.submitting : words.submit}
        </button>
      </form>
    </main>
  );
}

/** Each browser also claims to be those after it, and Android to be Linux. */
const BROWSERS = {
  Edg: "Edge",
  OPR: "Opera",
  Firefox: "Firefox",
  Chrome: "Chrome",
  Safari: "Safari",
};
const SYSTEMS = {
  Android: "Android",
  iPhone: "iPhone",
  iPad: "iPad",
  Windows: "Windows",
  "Mac OS": "macOS",
  CrOS: "ChromeOS",
  Linux: "Linux",
};

/** A name to start from. */
function guessDeviceName(agent: string): string {
  const find = (names: Record<string, string>) =>
    Object.entries(names).find(([word]) => agent.includes(word))?.[1];
  return words.deviceName(find(BROWSERS) ?? words.someBrowser, find(SYSTEMS) ?? words.someSystem);
}
