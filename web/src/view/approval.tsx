import { useSignal } from "@preact/signals";
import { useEffect, useId } from "preact/hooks";

import type { ApprovalRequest, Decision } from "../../../src/protocol/event.ts";
import { texts } from "../texts.ts";
import { useApp } from "./context.ts";
import { Icon } from "./icon.tsx";
import { Prose } from "./prose.tsx";

const words = texts.approval;
/** Minutes are shown; twice a minute is often enough, and the expiry itself is the gateway's to keep. */
const TICK_MS = 30_000;

/** A question to a person, with exactly what would happen. Nothing has the focus: no key press may answer it. */
export function Approval({ request }: { request: ApprovalRequest }) {
  const { store } = useApp();
  const titleId = useId();
  const isBusy = useSignal(false);
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => (now.value = Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);

  const isExpired = request.expiresAt <= now.value;
  const mayDecide = store.me.value?.scopes.includes("approve") ?? false;
  const decide = async (decision: Decision) => {
    isBusy.value = true;
    await store.decide(request.id, decision);
    isBusy.value = false;
  };

  return (
    <section class="approval" role="alertdialog" aria-labelledby={titleId}>
      <header>
        <Icon name="warning" />
        <h3 id={titleId} aria-label={words.label(request.tool)}>
          {words.title}
        </h3>
        <span class="tag">{request.tool}</span>
      </header>
      <p>
        <Prose text={request.why} />
      </p>
      <pre tabIndex={0}>{request.command}</pre>
      {request.lasting !== undefined && <p class="muted">{words.lasting(request.lasting)}</p>}
      {mayDecide ? (
        <div class="approval-acts">
          {choices(request).map((decision) => (
            <button
              key={decision}
              type="button"
              class={decision === "allow" ? "button primary" : "button"}
              disabled={isBusy.value || isExpired}
              onClick={() => void decide(decision)}
            >
              {words.decisions[decision]}
            </button>
          ))}
          <span class="muted">
            {isExpired
              ? words.expired
              : words.expires(Math.ceil((request.expiresAt - now.value) / 60_000))}
          </span>
        </div>
      ) : (
        <p class="muted">{words.needsScope}</p>
      )}
    </section>
  );
}

/** From the least that is allowed to the most, and no at the end. */
const choices = ({ lasting }: ApprovalRequest): readonly Decision[] =>
  lasting === undefined ? ["allow", "deny"] : ["allow", "allow-session", "allow-always", "deny"];
