/** What the gateway's `/api/documents` offers, as the commands use it. */

import type {
  DocumentEvent,
  DocumentList,
  DocumentsAdd,
  DocumentsFound,
  DocumentsSearch,
} from "../protocol/documents.ts";
import type { Call, Follow } from "./client.ts";

export const createDocumentCalls = (call: Call, follow: Follow) => ({
  documents: (signal: AbortSignal) => call<DocumentList>("GET", "/api/documents", signal),
  addDocuments: (body: DocumentsAdd, signal: AbortSignal) =>
    follow<DocumentEvent>("POST", "/api/documents", signal, { body }),
  removeDocuments: (folder: string, signal: AbortSignal) =>
    call<{ name: string; path: string }>(
      "DELETE",
      `/api/documents/${encodeURIComponent(folder)}`,
      signal,
    ),
  searchDocuments: (body: DocumentsSearch, signal: AbortSignal) =>
    call<DocumentsFound>("POST", "/api/documents/search", signal, { body }),
});
