/** One loaded model and its one conversation at a time; what it has read stays for the next request. */

import { randomBytes } from "node:crypto";

import type { Answer, ChatOrder, Load } from "./letters.ts";
import type { Engine, Library, LoadedModel, Sequence, Text } from "./library.ts";
import { type Part, toParts } from "./prompt.ts";

export interface RunningModel {
  readonly loaded: Extract<Answer, { type: "loaded" }>;
  /** Says all there is to say, and resolves; throws what the library throws. */
  chat(asked: Asked): Promise<void>;
}

type Asked = {
  id: number;
  order: ChatOrder;
  say: (answer: Answer) => void;
  signal: AbortSignal;
};

/** The end of a context is left free: the library would shift it and lose the beginning. */
const RESERVE_TOKENS = 8;

export async function createModel(
  { library, Template }: Engine,
  load: Load,
): Promise<RunningModel> {
  const beganMs = performance.now();
  const { llama, model, context } = await open(library, load);
  const source = model.fileInfo.metadata.tokenizer?.chat_template;
  if (typeof source !== "string") throw new Error("the file has no chat template");
  const speech = createSpeech(library, model, { source, template: new Template(source) });
  const sequence = context.getSequence();

  async function answer(asked: Asked, text: Text, tokens: number): Promise<void> {
    const { id, order, say, signal } = asked;
    const room = context.contextSize - tokens - RESERVE_TOKENS;
    if (room <= 0) return say({ type: "too-long", id, tokens });
    say({ type: "reading", id, tokens });
    const meter = createMeter(sequence, tokens);
    const calls = createCalls(id, say);
    const grammar = order.format && (await llama.createGrammarForJsonSchema(order.format));
    const mayCall = order.mayCall && speech.tools && order.tools.length > 0;
    const functions = {
      functions: toFunctions(order.tools),
      onFunctionCallParamsChunk: calls.hear,
    };
    const chatWrapper = speech.wrap(text);
    const chat = new library.LlamaChat({ contextSequence: sequence, chatWrapper });
    const result = await chat.generateResponse([{ type: "model", response: [] }], {
      repeatPenalty: false,
      ...order.sampling,
      maxTokens: Math.min(order.maxTokens ?? room, room),
      signal,
      onResponseChunk(chunk: { type?: "segment"; text: string }) {
        meter.written();
        if (chunk.text === "") return;
        say({ type: chunk.type === "segment" ? "reasoning" : "text", id, text: chunk.text });
      },
      // The library takes one of the two.
      ...(grammar ? { grammar } : mayCall && functions),
    });
    signal.throwIfAborted();
    const called = calls.tell(result.functionCalls ?? []);
    const cut = result.metadata.stopReason === "maxTokens";
    const reason = called ? "tool-calls" : cut ? "length" : "stop";
    say({ type: "done", id, reason, ...meter.counts() });
  }

  return {
    loaded: {
      type: "loaded",
      contextTokens: context.contextSize,
      tools: speech.tools,
      tookMs: performance.now() - beganMs,
    },
    chat(asked) {
      const text = speech.write(asked.order);
      return answer(asked, text, text.tokenize(model.tokenizer).length);
    },
  };
}

async function open(library: Library, { path, contextTokens, gpu, gpuLayers, threads }: Load) {
  const llama = await library.getLlama({
    gpu: gpu === "none" ? false : gpu,
    build: "never",
    skipDownload: true,
    progressLogs: false,
    maxThreads: threads,
    logLevel: "error",
  });
  const model = await llama.loadModel({
    modelPath: path,
    ...(gpu === "none" ? { gpuLayers: 0 } : { gpuLayers }),
  });
  const context = await model.createContext({ contextSize: contextTokens, sequences: 1, threads });
  return { llama, model, context };
}

type Speech = {
  /** Whether the library found in the template how this model writes a call. */
  tools: boolean;
  write(order: ChatOrder): Text;
  /** A chat wrapper that says this prompt, whatever history it is asked about. */
  wrap(text: Text): object;
};

function createSpeech(
  library: Library,
  model: LoadedModel,
  { source, template }: { source: string; template: { render(context: object): string } },
): Speech {
  const { LlamaText, SpecialToken, SpecialTokensText } = library;
  const found = new library.JinjaTemplateChatWrapper({
    template: source,
    tokenizer: model.tokenizer,
  });
  const { bosString, eosString } = model.tokens;
  const render = (context: object) =>
    template.render({ ...context, bos_token: bosString ?? "", eos_token: eosString ?? "" });
  const toText = (part: Part) =>
    "text" in part ? part.text : new SpecialTokensText(part.template);
  const ends = [new SpecialToken("EOS"), new SpecialToken("EOT")].map((end) => LlamaText([end]));

  return {
    tools: found.usingJinjaFunctionCallTemplate,
    write(order) {
      const mark = `x${randomBytes(8).toString("hex")}m`; // nobody can have written it before
      return LlamaText(toParts(order, render, mark).map(toText));
    },
    wrap(text) {
      const wrapper = new library.ChatWrapper();
      return Object.assign(wrapper, {
        settings: found.settings,
        generateContextState: () => ({ contextText: text, stopGenerationTriggers: ends }),
      });
    },
  };
}

const toFunctions = (tools: ChatOrder["tools"]) =>
  Object.fromEntries(
    tools.map(({ name, description, schema }) => [name, { description, params: schema }]),
  );

/** The arguments as they were written, letter by letter: the library gives them parsed only. */
function createCalls(id: number, say: (answer: Answer) => void) {
  const written = new Map<number, string>();
  return {
    hear({ callIndex, paramsChunk }: { callIndex: number; paramsChunk: string }) {
      written.set(callIndex, (written.get(callIndex) ?? "") + paramsChunk);
    },
    tell(calls: readonly { functionName: string; params: unknown }[]): boolean {
      calls.forEach(({ functionName, params }, index) => {
        const argumentsJson = written.get(index)?.trim() || JSON.stringify(params ?? {});
        say({ type: "call", id, tool: functionName, argumentsJson });
      });
      return calls.length > 0;
    },
  };
}

/** The library counts what it evaluates: what of the prompt it did not was there already. */
function createMeter(sequence: Sequence, inputTokens: number) {
  const before = sequence.tokenMeter.getState();
  const beganMs = performance.now();
  let firstMs: number | undefined;
  return {
    written: () => void (firstMs ??= performance.now()),
    counts() {
      const { usedInputTokens, usedOutputTokens } = sequence.tokenMeter.diff(before);
      const endMs = performance.now();
      return {
        inputTokens,
        outputTokens: usedOutputTokens,
        cachedTokens: Math.max(0, inputTokens - usedInputTokens),
        promptMs: (firstMs ?? endMs) - beganMs,
        outputMs: endMs - (firstMs ?? endMs),
      };
    },
  };
}
