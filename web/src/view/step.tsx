import type { Step } from "../state/segments.ts";
import { describeStep, formatInput } from "../text/describe-step.ts";
import { texts } from "../texts.ts";
import type { IconName } from "./icon.tsx";
import { Icon } from "./icon.tsx";

const words = texts.step;
const icons = { ok: "check", failed: "cross", cut: "cut" } as const satisfies Record<
  Exclude<Step["state"], "running">,
  IconName
>;

/** A tool call: one readable line, and behind it exactly what went in and came out. */
export function StepRow({ step }: { step: Step }) {
  const isDone = step.state === "ok" || step.state === "failed";
  const { verb, subject } = describeStep(step.tool, step.input, isDone);
  return (
    <details class={`step ${step.state}`}>
      <summary>
        <span class="step-state">
          {step.state === "running" ? <span class="spinner" /> : <Icon name={icons[step.state]} />}
          <span class="unseen">{words.states[step.state]}</span>
        </span>
        <span class="step-line">
          <span class="step-verb">{verb}</span> <span class="step-subject">{subject}</span>
        </span>
        {(step.state === "failed" || step.state === "cut") && (
          <span class="step-word">{words.states[step.state]}</span>
        )}
        <Icon name="chevron" />
      </summary>
      <div class="step-body">
        <h3>
          {words.input} <code>{step.tool}</code>
        </h3>
        <pre tabIndex={0}>{formatInput(step.input) || words.empty}</pre>
        {step.output !== null && (
          <>
            <h3>{words.output}</h3>
            <pre tabIndex={0}>{step.output || words.noOutput}</pre>
          </>
        )}
      </div>
    </details>
  );
}
