import type { Segment } from "../state/segments.ts";
import { answerOf, segmentsOf } from "../state/segments.ts";
import type { TurnCell } from "../state/thread-view.ts";
import type { Turn } from "../state/thread.ts";
import { isRunning } from "../state/thread.ts";
import { texts } from "../texts.ts";
import { Approval } from "./approval.tsx";
import { useApp } from "./context.ts";
import { CopyButton } from "./copy-button.tsx";
import { Icon } from "./icon.tsx";
import { StoredImages } from "./images.tsx";
import { Markdown } from "./markdown.tsx";
import { FaultNotice, Prose } from "./prose.tsx";
import { StepRow } from "./step.tsx";

const words = texts.chat;

/** One question and all that followed. Reads one signal: nothing else on the page renders for its tokens. */
export function TurnView({ cell, isLast }: { cell: TurnCell; isLast: boolean }) {
  const turn = cell.turn.value;
  return (
    <article class="turn">
      {segmentsOf(turn).map((segment) => (
        <Row key={segment.key} segment={segment} />
      ))}
      <Approvals turn={turn} isLast={isLast} />
      <Foot turn={turn} isLast={isLast} />
    </article>
  );
}

function Row({ segment }: { segment: Segment }) {
  switch (segment.kind) {
    case "user":
      return (
        <div class="user">
          <h2 class="unseen">{words.you}</h2>
          {segment.images.length > 0 && (
            <StoredImages message={segment.message} images={segment.images} />
          )}
          {segment.text !== "" && <p class="user-text">{segment.text}</p>}
        </div>
      );
    case "text":
      return <Markdown text={segment.text} />;
    case "reasoning":
      return (
        <details class={segment.streaming ? "thought streaming" : "thought"}>
          <summary>
            <Icon name="chevron" />
            {segment.streaming ? words.thinking : words.thought}
          </summary>
          <p class="thought-text">{segment.text}</p>
        </details>
      );
    case "step":
      return <StepRow step={segment.step} />;
    case "note":
      return (
        <p class="note">
          <Prose text={segment.text} />
        </p>
      );
    case "fault":
      return <FaultNotice fault={{ ...segment, message: segment.text }} />;
  }
}

function Approvals({ turn, isLast }: { turn: Turn; isLast: boolean }) {
  const { store } = useApp();
  const asking = turn.live?.asking ?? [];
  const mine = store.approvals.value.filter(
    ({ id, session }) =>
      asking.includes(id) || (isLast && asking.length === 0 && session === store.current.value),
  );
  return (
    <>
      {mine.map((request) => (
        <Approval key={request.id} request={request} />
      ))}
    </>
  );
}

/** While the turn runs, what it waits for; afterwards, what it took. */
function Foot({ turn, isLast }: { turn: Turn; isLast: boolean }) {
  const { store } = useApp();
  const running = store.runningTurn.value;
  const isBusy = store.session.value?.busy ?? false;
  const isUnanswered = turn.messages.every(({ role }) => role === "user");

  if (isRunning(turn)) {
    // Then it is the person who works.
    if (turn.live?.asking.length) return null;
    const last = turn.live?.parts.at(-1)?.kind;
    // A text that grows, or a step that turns, shows by itself that something is going on.
    return turn.live?.waiting || last === undefined ? (
      <Working text={turn.live?.waiting ?? words.working} />
    ) : null;
  }
  if (isUnanswered && isBusy && !turn.live) {
    if (running !== null && running !== turn.id) return <p class="note">{words.queued}</p>;
    if (isLast) return <Working text={words.working} />;
  }
  const answer = answerOf(turn);
  if (answer === "") return null;
  return (
    <footer class="turn-foot">
      <CopyButton label={words.copyAnswer} text={() => answerOf(turn)} />
      {turn.usage && <span>{words.usage(turn.usage.inputTokens, turn.usage.written)}</span>}
    </footer>
  );
}

function Working({ text }: { text: string }) {
  return (
    <p class="working">
      <span class="pulse" aria-hidden="true" />
      {text}
    </p>
  );
}
