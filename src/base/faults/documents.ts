import { entry } from "./entry.ts";

export const documentFaults = {
  DOCUMENTS_NONE: entry<object>({
    status: 409,
    exit: 1,
    message: () => "Cannot search documents: no folder was added",
    fix: () => "Add one with `isopod docs add DIR`",
  }),
  DOCUMENTS_MISSING: entry<{ path: string; detail: string }>({
    status: 404,
    exit: 2,
    message: ({ path, detail }) => `Cannot read the folder "${path}": ${detail}`,
    fix: () =>
      "Correct the path, or mount the disk; what was read of it before can be searched until `isopod docs rm`",
  }),
  DOCUMENTS_REFUSED: entry<{ path: string; detail: string }>({
    status: 403,
    exit: 2,
    message: ({ path, detail }) => `Cannot add "${path}": ${detail}`,
    fix: () => "Add the folder that your documents are in, such as ~/Documents",
  }),
  DOCUMENTS_OVERLAP: entry<{ path: string; other: string }>({
    status: 409,
    exit: 2,
    message: ({ path, other }) =>
      `Cannot add "${path}": it overlaps "${other}", which was added before`,
    fix: () => "Use that one, or take it away first with `isopod docs rm`",
  }),
  DOCUMENTS_MANY: entry<{ path: string }>({
    status: 200,
    exit: 1,
    message: ({ path }) => `"${path}" holds more than 200,000 documents: the first ones were read`,
    fix: () => "Add the folders below it that matter, each by itself",
  }),
  DOCUMENTS_BUSY: entry<{ folder: string }>({
    status: 409,
    exit: 1,
    message: ({ folder }) => `Cannot read "${folder}" twice at once: it is being read`,
    fix: () => "Wait for the other one, or stop it; what it has read stays",
  }),
  DOCUMENTS_STOPPED: entry<{ detail: string }>({
    status: 500,
    exit: 1,
    message: ({ detail }) => `Cannot go on with the documents: ${detail}`,
    fix: () => "Try again: what was read before stays",
  }),
  DOCUMENT_MISSING: entry<{ document: string }>({
    status: 404,
    exit: 1,
    message: ({ document }) => `Cannot find the document "${document}"`,
    fix: () => "Use a path as a search gives it, without the line number",
  }),
  DOCUMENTS_QUERY_EMPTY: entry<object>({
    status: 400,
    exit: 2,
    message: () => "Cannot search: the question has neither a letter nor a digit",
    fix: () => "Give one or more words that stand in the documents",
  }),
};
