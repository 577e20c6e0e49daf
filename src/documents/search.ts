/** Finds passages by their words and, where there are vectors, by their meaning. */

import type { DocumentIndex, FoundPassage } from "../store/document-index.ts";
import { fuse } from "./fuse.ts";
import { stampNow } from "./open-file.ts";
import { toSnippet } from "./snippet.ts";
import type { Nearest } from "./vectors.ts";
import { toMatch, toTerms } from "./words.ts";

export type SearchJob = {
  query: string;
  /** The only ones that are looked in: the asker's, by id. */
  folders: readonly { id: string; path: string }[];
  limit: number;
  /** What the query means, by a model. */
  meaning?: { model: string; vector: readonly number[] } | undefined;
};

export type Found = {
  folder: string;
  /** Below its folder, on one line. */
  shown: string;
  kind: string;
  line: number;
  page?: number;
  lineCount: number;
  text: string;
  /** The file is another one by now, or gone. */
  changed?: true;
};

/** Passages that are ranked for the few that are shown: several of one document become one. */
const RANKED = 60;
/** Of one document, so that the longest does not take all the places. */
const OF_ONE_DOCUMENT = 2;

export function search(index: DocumentIndex, nearest: Nearest, job: SearchJob): Found[] {
  const { query, folders, limit, meaning } = job;
  const ids = folders.map(({ id }) => id);
  if (ids.length === 0) return [];
  const terms = toTerms(query);
  const byWords = terms.length === 0 ? [] : searchWords(index, terms, ids, limit);
  const known = new Map(byWords.map((passage) => [passage.id, passage]));
  const byMeaning = meaning ? nearest.find(meaning, ids, RANKED) : [];
  const ranked = fuse([byWords.map(({ id }) => id), byMeaning]);
  const others = index.passages(ranked.filter((id) => !known.has(id)).slice(0, RANKED), ids);
  for (const passage of others) known.set(passage.id, passage);
  const passages = ranked.flatMap((id) => known.get(id) ?? []);
  return onlySome(passages, limit).map((passage) => {
    const { line, text } = toSnippet(passage, terms);
    return { ...toFound(passage, folders), line, text };
  });
}

/** Those with all of the terms first; where they are few, those with less of them. */
function searchWords(
  index: DocumentIndex,
  terms: ReturnType<typeof toTerms>,
  ids: readonly string[],
  limit: number,
): FoundPassage[] {
  const found = new Map<number, FoundPassage>();
  let asked = "";
  for (const which of ["words", "beginnings", "any"] as const) {
    const match = toMatch(terms, which);
    if (found.size >= limit || match === asked) continue;
    asked = match;
    for (const passage of index.search(match, ids, RANKED)) {
      if (!found.has(passage.id)) found.set(passage.id, passage);
    }
  }
  return [...found.values()];
}

function onlySome(passages: readonly FoundPassage[], limit: number): FoundPassage[] {
  const counts = new Map<string, number>();
  const some = passages.filter(({ folder, path }) => {
    const key = `${folder}/${path}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count <= OF_ONE_DOCUMENT;
  });
  return some.slice(0, limit);
}

export function toFound(passage: FoundPassage, folders: SearchJob["folders"]): Found {
  const { folder, shown, kind, line, page, lineCount, text } = passage;
  const root = folders.find(({ id }) => id === folder)?.path ?? "";
  return {
    folder,
    shown,
    kind,
    line,
    ...(page !== null && { page }),
    lineCount,
    text,
    ...(isChanged(passage, root) && { changed: true as const }),
  };
}

function isChanged({ path, stamp }: FoundPassage, root: string): boolean {
  const now = stampNow(root, path);
  return now === "" || (stamp !== "" && now !== stamp);
}
