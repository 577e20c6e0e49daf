import type { FaultReport } from "../../../src/base/fault.ts";
import { texts } from "../texts.ts";
import { Icon } from "./icon.tsx";

/** A sentence in which back-ticks mark what to type. */
export function Prose({ text }: { text: string }) {
  return (
    <>{text.split("`").map((part, at) => (at % 2 === 0 ? part : <code key={at}>{part}</code>))}</>
  );
}

/** A failure: what happened, what to do, and the code to look it up by. */
export function FaultNotice(props: { fault: FaultReport; onDismiss?: () => void }) {
  const { code, message, fix } = props.fault;
  return (
    <div class="fault" role="alert">
      <Icon name="warning" />
      <div class="fault-words">
        <p class="fault-message">
          <Prose text={message} />
        </p>
        {fix && (
          <p class="fault-fix">
            <Prose text={fix} />
          </p>
        )}
        <p class="fault-code">{code}</p>
      </div>
      {props.onDismiss && (
        <button
          type="button"
          class="icon-button"
          aria-label={texts.dismiss}
          onClick={props.onDismiss}
        >
          <Icon name="cross" />
        </button>
      )}
    </div>
  );
}
