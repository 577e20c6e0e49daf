import type { Clock } from "../base/clock.ts";
import { createId } from "../base/ids.ts";
import type { Memories } from "../store/store.ts";
import type { Memory } from "../tools/tool.ts";

export type MemoryOf = { person: string; private: boolean };

/**
 * One person's memories, as tools and prompts see them. What was remembered in a private session is read in
 * private ones only: elsewhere a model in the cloud might be told.
 */
export function createMemory(memories: Memories, of: MemoryOf, clock: Clock): Memory {
  return {
    add: (text) => {
      const at = clock.now();
      const person = of.private ? secretly(of.person) : of.person;
      return memories.add({ id: createId("mem", at), person, text, at });
    },
    list: async () => (await listMemories(memories, of)).map(({ text }) => text),
  };
}

/** Oldest first. */
export async function listMemories(memories: Memories, { person, private: isPrivate }: MemoryOf) {
  const open = await memories.list(person);
  if (!isPrivate) return open;
  return [...open, ...(await memories.list(secretly(person)))].toSorted((a, b) => a.at - b.at);
}

/** The name that private memories are kept under; ids of people have no such character. */
const secretly = (person: string) => `${person}#private`;
