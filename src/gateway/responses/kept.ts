/**
 * Responses that are kept, so that a client may go on from one by its id. Each has an owner, and nobody else
 * learns that it is there. The request of each is kept alone: the conversation is the chain of them.
 */

import type { Clock } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import type { Responses, StoredResponse } from "../../store/store.ts";
import { invalid } from "../openai/conversation.ts";
import { type Item, Items } from "./wire.ts";

export interface KeptResponses {
  /** The conversation that ends in a response, oldest first. Throws `NOT_FOUND`, also where a part of it is gone. */
  conversation(owner: string, id: string): Promise<Item[]>;
  /**
   * The items with those in place of references; what refers to nothing stays one. Throws `REQUEST_INVALID` or
   * `REQUEST_TOO_LARGE` for more than fits into any conversation.
   */
  resolve(owner: string, items: readonly Item[]): Promise<Item[]>;
  /** Drops what is over the limits. */
  keep(response: {
    id: string;
    owner: string;
    previous: string | undefined;
    items: readonly Item[];
    response: object;
  }): Promise<void>;
  /** As it was answered. Throws `NOT_FOUND`. */
  get(owner: string, id: string): Promise<unknown>;
  /** Throws `NOT_FOUND`. */
  delete(owner: string, id: string): Promise<void>;
}

/** As long as OpenAI keeps them; what is gone on from stays longer. */
const KEPT_MS = 30 * 24 * 60 * 60_000;
/** Of one person: tens of thousands of answers in text, or three of the largest requests with images. */
const MAX_BYTES = 64 * 1024 * 1024;

/** A conversation of so many items fits into no window. */
const MAX_REFERENCES = 1_000;

/** Which response an item's id is of, and which of its items it is. */
const ITEM_ID = /^[a-z]+_([0-9a-f]{32})_(\d+)$/;

export const toResponseId = (name: string): string => `resp_${name}`;

export function createKeptResponses(responses: Responses, clock: Clock): KeptResponses {
  async function find(owner: string, id: string): Promise<StoredResponse> {
    const found = await responses.get(owner, id);
    if (!found || found.usedAt < clock.now() - KEPT_MS) {
      throw new Fault("NOT_FOUND", { what: "response", id });
    }
    return found;
  }

  /** Reads each response once, however many of its items are meant, and no more than a person may keep. */
  function createLookup(owner: string) {
    const outputs = new Map<string, readonly Item[]>();
    let referred = 0;
    let sizeBytes = 0;

    async function outputAt(name: string): Promise<readonly Item[]> {
      const known = outputs.get(name);
      if (known) return known;
      const found = await responses.get(owner, toResponseId(name));
      const output = found ? outputOf(found) : [];
      outputs.set(name, output);
      return output;
    }

    return async (id: string): Promise<Item | undefined> => {
      referred += 1;
      if (referred > MAX_REFERENCES) {
        throw invalid("input", `must have at most ${MAX_REFERENCES} references`);
      }
      const [, name, index] = ITEM_ID.exec(id) ?? [];
      const item = name === undefined ? undefined : (await outputAt(name))[Number(index)];
      // The same item a thousand times is a thousand times as long in what a server is sent.
      sizeBytes += item ? JSON.stringify(item).length : 0;
      if (sizeBytes > MAX_BYTES) throw new Fault("REQUEST_TOO_LARGE", { limitBytes: MAX_BYTES });
      return item;
    };
  }

  return {
    async conversation(owner, id) {
      const chain: StoredResponse[] = [];
      for (let next: string | undefined = id; next !== undefined;) {
        const found: StoredResponse = await find(owner, next);
        chain.unshift(found);
        next = found.previous;
      }
      const ids = chain.map((one) => one.id);
      await responses.touch(owner, ids, clock.now());
      return chain.flatMap((one) => [...Items.parse(JSON.parse(one.input)), ...outputOf(one)]);
    },

    async resolve(owner, items) {
      const itemAt = createLookup(owner);
      const resolved: Item[] = [];
      for (const item of items) {
        resolved.push(item.type === "item_reference" ? ((await itemAt(item.id)) ?? item) : item);
      }
      return resolved;
    },

    async keep({ id, owner, previous, items, response }) {
      const now = clock.now();
      await responses.add({
        id,
        owner,
        ...(previous !== undefined && { previous }),
        createdAt: now,
        usedAt: now,
        input: JSON.stringify(items),
        response: JSON.stringify(response),
      });
      await responses.prune({ owner, usedBefore: now - KEPT_MS, maxBytes: MAX_BYTES });
    },

    get: async (owner, id) => JSON.parse((await find(owner, id)).response) as unknown,

    async delete(owner, id) {
      if (!(await responses.delete(owner, id))) {
        throw new Fault("NOT_FOUND", { what: "response", id });
      }
    },
  };
}

/** What stands there was written here: an answer is made of items that a request may have. */
function outputOf({ response }: StoredResponse): Item[] {
  const { output } = JSON.parse(response) as { output: unknown };
  return Items.parse(output);
}
