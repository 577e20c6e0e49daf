/** Which columns of each table are read and written by name. */

import { SPENDING_SUMS } from "./store.ts";

export const SCORECARD = ["server", "digest", "measuredAt", "card"] as const;
export const PERSON = ["id", "name", "role", "createdAt"] as const;
export const CREDENTIAL = [
  "id",
  "person",
  "kind",
  "name",
  "scopes",
  "hash",
  "proofHash",
  "createdAt",
  "lastUsedAt",
] as const;
export const SESSION = [
  "id",
  "owner",
  "title",
  "model",
  "private",
  "createdAt",
  "updatedAt",
] as const;
export const USAGE = [
  "session",
  "turn",
  "model",
  "at",
  "inputTokens",
  "outputTokens",
  "cachedTokens",
  "contextTokens",
  "startedAt",
  "cacheWriteTokens",
  "promptTokens",
  "promptMs",
  "outputMs",
  "loadMs",
  "cost",
  "print",
  "locality",
] as const;
export const SPENDING = ["person", "day", "model", "locality", ...SPENDING_SUMS] as const;
export const RESPONSE = [
  "id",
  "owner",
  "previous",
  "createdAt",
  "usedAt",
  "input",
  "response",
] as const;
export const DOCUMENT_FOLDER = ["id", "owner", "name", "path", "private", "addedAt"] as const;
export const MESSAGE = ["id", "session", "turn", "at", "message"] as const;
export const TURN = [
  "id",
  "session",
  "owner",
  "state",
  "attended",
  "createdAt",
  "endedAt",
  "fault",
  "notes",
] as const;
