/**
 * The vectors of passages, one byte a number: what is nearest to a question. All of one model and some folders are
 * held while they are used, since to read them takes longer than to compare them.
 */

import type { DocumentIndex } from "../store/document-index.ts";

export interface Nearest {
  /** Ids of passages, the nearest first. */
  find(
    meaning: { model: string; vector: readonly number[] },
    folders: readonly string[],
    limit: number,
  ): number[];
}

type Held = { key: string; vectors: { passage: number; vector: Int8Array; length: number }[] };

export function createNearest(index: DocumentIndex): Nearest {
  let held: Held | undefined;
  const hold = (model: string, folders: readonly string[]): Held => {
    const key = [index.vectorVersion(), model, ...folders].join("\n");
    if (held?.key === key) return held;
    const rows = index.vectors(model, folders);
    const vectors = rows.map(({ passage, vector }) => {
      const bytes = new Int8Array(vector);
      return { passage, vector: bytes, length: Math.sqrt(product(bytes, bytes)) };
    });
    held = { key, vectors };
    return held;
  };
  return {
    find({ model, vector }, folders, limit) {
      const asked = toBytes(vector);
      const askedLength = Math.sqrt(product(asked, asked));
      const near = hold(model, folders).vectors.flatMap(({ passage: id, vector: one, length }) => {
        if (one.length !== asked.length) return [];
        const likeness = product(one, asked) / (length * askedLength || 1);
        return likeness > LEAST_LIKENESS ? [{ id, likeness }] : [];
      });
      return near
        .toSorted((a, b) => b.likeness - a.likeness)
        .slice(0, limit)
        .map(({ id }) => id);
    },
  };
}

/** In 127 steps of its largest number: the direction is what counts, and it keeps two digits. */
export function toBytes(vector: readonly number[]): Int8Array {
  const largest = vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  return Int8Array.from(vector, (value) => Math.round((value / largest) * 127));
}

/** The cosine below which two texts have nothing to do with each other, whatever the model. */
const LEAST_LIKENESS = 0.2;

function product(a: Int8Array, b: Int8Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] ?? 0) * (b[at] ?? 0);
  return sum;
}
