import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import type { FaultReport } from "../../../src/base/fault.ts";
import type { ModelList } from "../../../src/protocol/api.ts";
import { toReport } from "../state/store.ts";
import { texts } from "../texts.ts";
import { useApp } from "./context.ts";
import { FaultNotice, Prose } from "./prose.tsx";

const words = texts.model;
type Model = ModelList["models"][number];

/** The models that were found, and why some of them may not answer. */
export function ModelChoice() {
  const { store } = useApp();
  const list = useSignal<ModelList | null>(null);
  const fault = useSignal<FaultReport | null>(null);
  const attempt = async (work: () => Promise<void>) => {
    fault.value = null;
    try {
      await work();
    } catch (error) {
      fault.value = toReport(error);
    }
  };
  const load = async () => {
    list.value = await store.models();
  };
  useEffect(() => void attempt(load), []);

  const select = (ref: string) =>
    attempt(async () => {
      await store.selectModel(ref);
      await load();
    });
  const canSelect = store.me.value?.scopes.includes("admin") ?? false;

  return (
    <div class="found">
      <h4>{words.choose}</h4>
      {!list.value && !fault.value && <p class="muted">{words.loading}</p>}
      {list.value?.models.length === 0 && <p class="muted">{words.chooseNone}</p>}
      <ul class="models">
        {list.value?.models.map((model) => (
          <li key={model.ref} class={model.usable ? "model" : "model unusable"}>
            <span class="model-words">
              <span class="model-name">{model.ref}</span>
              <span class="choice-text">{describe(model)}</span>
              {model.reason && (
                <span class="choice-text">
                  <Prose text={model.reason} />
                </span>
              )}
            </span>
            {model.ref === list.value?.current ? (
              <span class="tag">{words.current}</span>
            ) : (
              model.usable &&
              canSelect && (
                <button
                  type="button"
                  class="button small"
                  aria-label={`${words.use} ${model.ref}`}
                  onClick={() => void select(model.ref)}
                >
                  {words.use}
                </button>
              )
            )}
          </li>
        ))}
      </ul>
      {list.value?.faults.map((fault) => (
        <FaultNotice key={fault.code + fault.message} fault={fault} />
      ))}
      {fault.value && <FaultNotice fault={fault.value} />}
    </div>
  );
}

function describe(model: Model): string {
  const localities: Readonly<Record<string, string>> = words.locality;
  return [
    model.demonstration ? words.demonstration : undefined,
    localities[model.locality] ?? model.locality,
    model.contextTokens === undefined ? undefined : words.context(model.contextTokens),
    model.tools === false ? words.noTools : undefined,
    model.loaded ? words.loaded : undefined,
  ]
    .filter((part) => part !== undefined)
    .join(" · ");
}
