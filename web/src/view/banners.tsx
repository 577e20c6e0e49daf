import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { toClock } from "../text/clock.ts";
import { texts } from "../texts.ts";
import { useApp } from "./context.ts";
import { CopyButton } from "./copy-button.tsx";
import { FaultNotice } from "./prose.tsx";

/** What a person must know above the conversation, whatever it is about. */
export function Banners() {
  const { store } = useApp();
  const problem = store.problem.value;
  return (
    <div class="banners">
      <LostBanner />
      <OfflineBanner />
      <AskedElsewhere />
      {problem && <FaultNotice fault={problem} onDismiss={() => (store.problem.value = null)} />}
    </div>
  );
}

function LostBanner() {
  const { store, retryLink } = useApp();
  const now = useSignal(Date.now());
  const link = store.link.value;
  const isLost = link.state === "lost";
  useEffect(() => {
    if (!isLost) return undefined;
    now.value = Date.now();
    const timer = setInterval(() => (now.value = Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [isLost]);

  if (!isLost) return null;
  const seconds = Math.max(0, Math.ceil((link.retryAt - now.value) / 1_000));
  return (
    <div class="banner warns">
      <p>
        <strong role="status">{texts.link.lost}</strong> {texts.link.retryIn(seconds)}
      </p>
      <button type="button" class="button small" onClick={retryLink}>
        {texts.link.retryNow}
      </button>
    </div>
  );
}

/** What the mode allows and the network does not give, with the reason; gone by itself when it is back. */
function OfflineBanner() {
  const { store } = useApp();
  const link = store.status.value?.link;
  // Without the gateway what was known is old; that it is lost stands there already.
  if (!link?.hinders || store.link.value.state === "lost") return null;
  return (
    <div class="banner warns">
      <p>
        <strong role="status">{texts.offline.title[link.state]}</strong>{" "}
        {texts.offline.since(link.reason, toClock(link.since))}
      </p>
    </div>
  );
}

function AskedElsewhere() {
  const { store } = useApp();
  const asked = new Set(store.approvals.value.map(({ session }) => session));
  asked.delete(store.current.value ?? "");
  const [first] = asked;
  if (!first) return null;
  return (
    <div class="banner">
      <p role="status">{texts.approval.elsewhere(asked.size)}</p>
      <button type="button" class="button small" onClick={() => void store.open(first)}>
        {texts.approval.show}
      </button>
    </div>
  );
}

/** A demonstration must never be taken for what the product can do; it says how to get more. */
export function Demonstration() {
  const words = texts.model;
  return (
    <details class="demo">
      <summary>
        <span class="tag">{words.demoTag}</span>
        <span class="demo-title">{words.demoTitle}</span>
        <span class="demo-more">{words.demoMore}</span>
      </summary>
      <p>{words.demoText}</p>
      <Commands lines={words.demoCommands} />
    </details>
  );
}

export function Commands({ lines }: { lines: readonly string[] }) {
  return (
    <div class="commands">
      <pre tabIndex={0}>{lines.join("\n")}</pre>
      <CopyButton label={texts.copy} text={() => lines.join("\n")} />
    </div>
  );
}
