/** Hears of every request to every model, whoever makes it: for books, and for what forbids one. */

import type { Locality } from "../protocol/event.ts";
import { type Place, placeOfModel } from "./locality.ts";
import type { ChatEvent, ChatRequest, Model, Provider } from "./provider.ts";
import { createSend, type Sending } from "./queue/sending.ts";
import type { Limits } from "./reach.ts";

export type ChatDone = Extract<ChatEvent, { type: "done" }>;

export type WatchedChat = {
  /** `provider/model` */
  ref: string;
  locality: Locality;
  request: ChatRequest;
};

export interface ChatWatch {
  /**
   * Before it waits for its turn. Throws the fault that forbids it. What it returns is called once it is over,
   * however it ended.
   */
  begins(chat: WatchedChat): (() => void) | undefined;
  /** The server has answered to the end. Must not throw. */
  ends(chat: WatchedChat, done: ChatDone): void;
}

/** What one provider's chats report to. */
export type Ear = {
  /** What it returns is called once the request is over, however it ended. */
  begins(request: ChatRequest): (() => void) | undefined;
  /**
   * In the moment before it is sent, once it has its turn. Throws `MODEL_NOT_ALLOWED`: the mode may have been
   * narrowed since its route was chosen, and the guard sees no cloud behind an address of this machine. What
   * it returns cuts the request when that happens later; its `over` is called once the request is over.
   */
  sends(model: string): Sending | undefined;
  ends(request: ChatRequest, done: ChatDone): void;
};

/**
 * The same provider with an ear. By hand and not as a generator: this runs for every token, and costs it one
 * microtask in place of three.
 */
export function heard(provider: Provider, ear: Ear): Provider {
  const chat = (request: ChatRequest, signal: AbortSignal): AsyncIterable<ChatEvent> => ({
    [Symbol.asyncIterator]() {
      const settle = ear.begins(request);
      const events = provider.chat(request, signal)[Symbol.asyncIterator]();
      const hear = (result: IteratorResult<ChatEvent>) => {
        if (result.done) settle?.();
        else if (result.value.type === "done") ear.ends(request, result.value);
        return result;
      };
      return {
        next: () =>
          events.next().then(hear, (error: unknown) => {
            settle?.();
            throw error;
          }),
        async return() {
          settle?.();
          return (await events.return?.()) ?? { done: true, value: undefined };
        },
      };
    },
  });
  return { ...provider, chat };
}

/** Ears for each server; which of its models are in the cloud is learnt from its listings. */
export function createEars(watch: ChatWatch | undefined, limits: Limits) {
  const clouds = new Set<string>();
  const send = createSend(limits);
  const toRef = (id: string, model: string) => `${id}/${model}`;
  return {
    of({ id, place }: { id: string; place: Place }): Ear {
      const placeAt = (ref: string) => placeOfModel(clouds.has(ref) ? "cloud" : "unknown", place);
      const about = (request: ChatRequest): WatchedChat => {
        const ref = toRef(id, request.model);
        return { ref, locality: placeAt(ref).locality, request };
      };
      return {
        begins: (request) => watch?.begins(about(request)),
        sends(model) {
          const ref = toRef(id, model);
          return send({ ref, provider: id }, placeAt(ref));
        },
        ends: (request, done) => watch?.ends(about(request), done),
      };
    },
    learn({ id }: { id: string }, models: Model[]): Model[] {
      for (const { id: model, locality } of models) {
        if (locality === "cloud") clouds.add(toRef(id, model));
        else clouds.delete(toRef(id, model));
      }
      return models;
    },
  };
}

/** All of them hear of everything; the first one that forbids a request is the one that is told. */
export const watchedBy = (watches: readonly ChatWatch[]): ChatWatch => ({
  begins(chat) {
    const overs: ((() => void) | undefined)[] = [];
    const over = () => overs.forEach((over) => over?.());
    try {
      for (const watch of watches) overs.push(watch.begins(chat));
    } catch (error) {
      over(); // it is forbidden, and will not run
      throw error;
    }
    return over;
  },
  ends: (chat, done) => watches.forEach((watch) => watch.ends(chat, done)),
});
