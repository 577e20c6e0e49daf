/** Gives a folder's passages their vectors, where there is a model for it. */

import type { FaultReport } from "../base/fault.ts";
import type { DocumentEvent } from "../protocol/documents.ts";
import type { DocumentFolder } from "../store/store.ts";
import type { Embedder } from "./embedder.ts";
import { isFault } from "./is-fault.ts";
import type { PassageVector } from "./letters.ts";
import type { Thread } from "./thread.ts";

/**
 * Returns what kept it from some of them: by their words they are found all the same. Throws the signal's reason;
 * what was made by then stays, and the next call goes on from there.
 */
export async function embedFolder(
  of: {
    embedder: Embedder;
    thread: Thread;
    folder: DocumentFolder;
    tell: (event: DocumentEvent) => void;
  },
  signal: AbortSignal,
): Promise<FaultReport | undefined> {
  const who = await of.embedder.find(signal);
  if ("why" in who) return undefined; // `docs list` says so
  try {
    await embedAll({ ...of, model: who.model }, signal);
    return undefined;
  } catch (error) {
    if (signal.aborted || !isFault(error)) throw error;
    return error.toJSON();
  }
}

type Embedding = Parameters<typeof embedFolder>[0] & { model: string };

async function embedAll(of: Embedding, signal: AbortSignal): Promise<void> {
  const { thread, folder, tell, model } = of;
  const quiet = () => {};
  for (let done = 0; ;) {
    const job = { kind: "without-vector", folder: folder.id, model } as const;
    const passages = await thread.run(job, quiet, signal);
    if (passages.length === 0) return;
    const texts = passages.map(({ text }) => text);
    const made = await embedTexts(of, texts, signal);
    const vectors = made.map((vector, at): PassageVector => ({
      passage: passages[at]?.id ?? 0,
      vector,
    }));
    await thread.run({ kind: "put-vectors", model, vectors }, quiet, signal);
    done += passages.length;
    tell({ type: "progress", text: `Learning what ${done} passages mean` });
  }
}

/** What a passage means stands mostly in its beginning: enough of it, where a model takes no whole one. */
const BEGINNING_CHARS = 300;

async function embedTexts(
  { embedder, model, folder }: Embedding,
  texts: readonly string[],
  signal: AbortSignal,
): Promise<readonly (readonly number[])[]> {
  const asked = { model, texts, person: folder.owner, priority: "background" } as const;
  try {
    return await embedder.embed(asked, signal);
  } catch (error) {
    if (!isFault(error) || error.code !== "MODEL_CONTEXT_EXCEEDED") throw error;
    const beginnings = texts.map((text) => text.slice(0, BEGINNING_CHARS));
    return embedder.embed({ ...asked, texts: beginnings }, signal);
  }
}
