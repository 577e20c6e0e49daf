/**
 * What is used of node-llama-cpp. The library is an add-on in a folder of the state, so its own types are
 * not here; these are written from its 3.22.1, the one version that is installed.
 */

import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import type { Gpu } from "./letters.ts";

export type Library = {
  getLlama(options: {
    gpu: Exclude<Gpu, "none"> | false;
    /** Never a compiler, and never a download of sources. */
    build: "never";
    skipDownload: true;
    progressLogs: false;
    maxThreads: number;
    logLevel: "error";
  }): Promise<Llama>;
  LlamaChat: new (options: { contextSequence: Sequence; chatWrapper: object }) => Chat;
  ChatWrapper: new () => object;
  JinjaTemplateChatWrapper: new (options: { template: string; tokenizer: unknown }) => {
    settings: object;
    usingJinjaFunctionCallTemplate: boolean;
  };
  LlamaText: (...parts: unknown[]) => Text;
  SpecialToken: new (name: "BOS" | "EOS" | "EOT") => object;
  SpecialTokensText: new (text: string) => object;
  InsufficientMemoryError: new () => Error;
};

export type Text = { tokenize(tokenizer: unknown): number[] };

type Llama = {
  loadModel(options: {
    modelPath: string;
    gpuLayers?: number | undefined;
    useMmap?: boolean;
  }): Promise<LoadedModel>;
  createGrammarForJsonSchema(schema: object): Promise<object>;
};

export type LoadedModel = {
  tokenizer: unknown;
  tokens: { bosString: string | null; eosString: string | null };
  fileInfo: { metadata: { tokenizer?: { chat_template?: unknown } } };
  createContext(options: {
    contextSize: number;
    sequences: 1;
    threads: number;
  }): Promise<{ contextSize: number; getSequence(): Sequence }>;
};

export type Counts = { usedInputTokens: number; usedOutputTokens: number };

export type Sequence = {
  tokenMeter: { getState(): Counts; diff(before: Counts): Counts };
};

export type Chat = {
  generateResponse(history: object[], options: object): Promise<Generated>;
};

export type Generated = {
  functionCalls?: { functionName: string; params: unknown }[];
  metadata: { stopReason: string };
};

export type Engine = {
  library: Library;
  /** Jinja as Hugging Face's own templates want it; a part of the library's. */
  Template: new (template: string) => { render(context: object): string };
};

/** `folder` is where the add-on was installed. */
export async function importEngine(folder: string): Promise<Engine> {
  const entry = join(folder, "node_modules/node-llama-cpp/dist/index.js");
  const jinja = createRequire(entry).resolve("@huggingface/jinja");
  // Both were installed by the lock file beside this, which fixes their bytes.
  const library = (await import(pathToFileURL(entry).href)) as Library;
  const { Template } = (await import(pathToFileURL(jinja).href)) as Pick<Engine, "Template">;
  return { library, Template };
}
