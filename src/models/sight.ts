/** Images for models that see, and what stands in their place for those that do not. Pure. */

import type { Image, Message } from "../protocol/message.ts";
import type { Model } from "./provider.ts";

/** Where a server says nothing it is tried: one that does not see refuses, and says so. */
export const sees = ({ vision }: Pick<Model, "vision">): boolean => vision !== false;

/** What config says of a model's input, and what its server says: either may say no. */
export function sightOf(
  model: Pick<Model, "vision">,
  input: readonly ("text" | "image")[] | undefined,
): boolean | undefined {
  if (!input) return model.vision;
  return input.includes("image") ? (model.vision ?? true) : false;
}

export const imagesOf = (message: Message): readonly Image[] =>
  message.role === "assistant" ? [] : (message.images ?? []);

/** The text with a line for each image that is not sent. */
export function withImageLines(text: string, images: readonly Image[] | undefined): string {
  const lines = (images ?? []).map(
    ({ name }) => `[image ${name} left out: this model does not see]`,
  );
  return [text, ...lines].filter((line) => line !== "").join("\n");
}

export const toDataUrl = ({ mediaType, data }: Image): string => `data:${mediaType};base64,${data}`;
