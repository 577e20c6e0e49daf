import { useEffect, useRef } from "preact/hooks";

import type { Status } from "../../../src/protocol/event.ts";
import { texts } from "../texts.ts";
import { Commands } from "./banners.tsx";
import type { Topic } from "./context.ts";
import { useApp } from "./context.ts";
import { Dialog } from "./dialog.tsx";
import { ModelChoice } from "./model-choice.tsx";
import { ModeChoice } from "./mode-choice.tsx";
import { Prose } from "./prose.tsx";

const words = texts.status;

/** Everything the header's chips stand for, explained; opens at the one that was pressed. */
export function StatusPanel({ topic, status }: { topic: Topic; status: Status }) {
  const app = useApp();
  const body = useRef<HTMLDivElement>(null);
  useEffect(() => {
    body.current?.querySelector(`[data-topic="${topic}"]`)?.scrollIntoView();
  }, [topic]);

  return (
    <Dialog title={words.title} side onClose={() => (app.topic.value = null)}>
      <div class="panel" ref={body}>
        <section data-topic="model">
          <h3>{texts.model.title}</h3>
          <ModelSection status={status} />
        </section>
        <section data-topic="mode">
          <h3>{texts.mode.title}</h3>
          <ModeChoice status={status} />
        </section>
        <section data-topic="sandbox">
          <h3>{words.sandbox}</h3>
          <SandboxSection sandbox={status.sandbox} />
        </section>
        <section>
          <h3>{words.workspace}</h3>
          <p>
            <code class="path">{status.workspace}</code>
          </p>
          <p class="muted">{words.workspaceText}</p>
        </section>
        <section>
          <h3>{words.notes}</h3>
          {status.notes.length === 0 && <p class="muted">{words.noNotes}</p>}
          <ul class="notes">
            {status.notes.map((note) => (
              <li key={note.code + note.text} class="sentence">
                <Prose text={note.text} />
              </li>
            ))}
          </ul>
        </section>
        <section>
          <h3>{words.about}</h3>
          <p class="muted">{words.version(status.version)}</p>
          <PairedAs />
        </section>
      </div>
    </Dialog>
  );
}

function ModelSection({ status }: { status: Status }) {
  const { model } = status;
  if (!model) {
    return (
      <>
        <p class="strong">{texts.model.noneTitle}</p>
        <p class="muted">
          <Prose text={texts.model.noneText} />
        </p>
        <ModelChoice />
      </>
    );
  }
  return (
    <>
      <p class="strong model-name">{model.ref}</p>
      <p>{texts.model.localityText[model.locality]}</p>
      <p class="muted sentence">
        <Prose text={model.why} />
      </p>
      <p class="muted">
        {texts.model.context(model.contextTokens)} ·{" "}
        {model.tools ? texts.model.tools : texts.model.noTools}
      </p>
      {model.demonstration && (
        <div class="demo-box">
          <span class="tag">{texts.model.demonstration}</span>
          <p>{texts.model.demoText}</p>
          <Commands lines={texts.model.demoCommands} />
        </div>
      )}
      <ModelChoice />
    </>
  );
}

function SandboxSection({ sandbox }: { sandbox: Status["sandbox"] }) {
  if (sandbox.ok) return <p>{words.sandboxOn(sandbox.name)}</p>;
  return (
    <>
      <p>
        <Prose text={words.sandboxOff} />
      </p>
      {sandbox.reason && (
        <p class="strong sentence">
          <Prose text={sandbox.reason} />
        </p>
      )}
      <p class="muted">
        <Prose text={words.sandboxFix} />
      </p>
    </>
  );
}

function PairedAs() {
  const { pairing, store } = useApp();
  const state = pairing.state.value;
  const person = store.me.value?.person.name;
  return state.state === "paired" && person ? (
    <p class="muted">{words.device(state.name, person)}</p>
  ) : null;
}
