import type { DocumentEvent, DocumentList, DocumentsFound } from "../protocol/documents.ts";

/** Folders of documents, each its owner's: what is somebody else's is as if it were not there. */
export interface Documents {
  list(person: string, signal: AbortSignal): Promise<DocumentList>;
  /**
   * Reads a folder, or what changed in one that was added before. A signal or a crash loses nothing of what was
   * read. Throws `DOCUMENTS_MISSING`, `DOCUMENTS_REFUSED`, `DOCUMENTS_OVERLAP`, `DOCUMENTS_BUSY`.
   */
  add(
    of: { person: string; path: string; private: boolean },
    signal: AbortSignal,
  ): AsyncIterable<DocumentEvent>;
  /** By id, name or path. Forgets what was read; the files stay. Throws `NOT_FOUND`. */
  remove(person: string, folder: string): Promise<{ name: string; path: string }>;
  /** In all of a person's folders, also the private ones. Throws `DOCUMENTS_NONE`, `DOCUMENTS_QUERY_EMPTY`. */
  search(
    of: { person: string; query: string; limit: number },
    signal: AbortSignal,
  ): Promise<DocumentsFound>;
  /** As a conversation may use them: private ones in private sessions only. */
  of(session: { person: string; private: boolean }): DocumentsOf;
  close(): Promise<void>;
}

/** What a tool is given. */
export interface DocumentsOf {
  /** Whether there is anything to search. */
  has(): Promise<boolean>;
  /** As `Documents.search`. */
  search(query: string, limit: number, signal: AbortSignal): Promise<DocumentsFound>;
  /** Its lines from one on, as many as are read at once; none behind its end. Throws `DOCUMENT_MISSING`. */
  read(document: string, line: number, signal: AbortSignal): Promise<DocumentPart>;
}

export type DocumentPart = {
  /** The first and the last line that are given, and how many there are. */
  from: number;
  to: number;
  lineCount: number;
  lines: string[];
};
