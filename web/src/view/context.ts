import type { ReadonlySignal, Signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";

import type { Attachments } from "../state/attachments.ts";
import type { Drafts } from "../state/drafts.ts";
import type { Pairing } from "../state/pairing.ts";
import type { Store } from "../state/store.ts";
import type { CreateMarkdownView } from "../text/markdown-view.ts";
import type { Api } from "../wire/api.ts";

/** The part of the status panel that was asked for. */
export type Topic = "model" | "mode" | "sandbox";

/** What every view may use; `main.tsx` builds it. */
export type App = {
  api: Api;
  store: Store;
  drafts: Drafts;
  attachments: Attachments;
  pairing: Pairing;
  /** Null until it has loaded. */
  createMarkdown: ReadonlySignal<CreateMarkdownView | null>;
  /** The pairing code that came in the address. */
  code: Signal<string>;
  topic: Signal<Topic | null>;
  isListOpen: Signal<boolean>;
  /** An address in the conversation that a person clicked on. */
  external: Signal<string | null>;
  retryLink(): void;
  copy(text: string): Promise<void>;
};

const Context = createContext<App | null>(null);

export const AppProvider = Context.Provider;

export function useApp(): App {
  const app = useContext(Context);
  if (!app) throw new Error("A view was rendered outside <AppProvider>");
  return app;
}
