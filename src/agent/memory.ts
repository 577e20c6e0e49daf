import type { Clock } from "../base/clock.ts";
import { createId } from "../base/ids.ts";
import type { Memories } from "../store/store.ts";
import type { Memory } from "../tools/tool.ts";

/** One person's memories, as tools and prompts see them. */
export function createMemory(memories: Memories, person: string, clock: Clock): Memory {
  return {
    add: (text) => {
      const at = clock.now();
      return memories.add({ id: createId("mem", at), person, text, at });
    },
    list: async () => (await memories.list(person)).map(({ text }) => text),
  };
}
