import type { z } from "zod";

/**
 * One room's part of the config. Every field of the schema has a default (`.default()`, `.prefault()`) or
 * is optional, and a `.describe()` that gives its reason: `config.example.jsonc` prints it.
 */
export interface Setting<S extends z.ZodType = z.ZodType> {
  /** The top-level key that this room owns, such as "gateway". */
  readonly key: string;
  readonly schema: S;
  /**
   * Whether dropping a misspelt key in here would permit more than its author meant. Such a key refuses
   * to start; others warn with the nearest known key.
   */
  readonly restricts: boolean;
}

export const defineSetting = <S extends z.ZodType>(setting: Setting<S>): Setting<S> => setting;
