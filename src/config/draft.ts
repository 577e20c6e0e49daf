import type { Fault } from "../base/fault.ts";
import { escape, isObject, join, unescape } from "./read.ts";

/** What a translation or a repair did, for people. */
export type Note = { path: string; message: string };

/** What makes a config unusable, and where. */
export type Finding = { path: string; fault: Fault };

/**
 * A config while it is being translated. Each change leaves a note, and remembers where the value stood
 * in the file, so that `config explain` can point there.
 */
export class Draft {
  readonly value: Record<string, unknown>;
  readonly notes: Note[] = [];
  /** New path to the path in the file. */
  readonly origins = new Map<string, string>();

  constructor(value: Record<string, unknown>) {
    this.value = structuredClone(value);
  }

  get(path: string): unknown {
    let at: unknown = this.value;
    for (const key of keys(path)) {
      if (!isObject(at) || !Object.hasOwn(at, key)) return undefined;
      at = at[key];
    }
    return at;
  }

  has(path: string): boolean {
    return this.get(path) !== undefined;
  }

  /** Sets a value, making the objects on the way. What stood in the way and was no object gives way. */
  set(path: string, value: unknown, origin?: string): void {
    const all = keys(path);
    const last = all.pop();
    if (last === undefined) return;
    let at = this.value;
    for (const key of all) {
      const next = Object.hasOwn(at, key) ? at[key] : undefined;
      if (isObject(next)) at = next;
      else {
        const made: Record<string, unknown> = {};
        at[key] = made;
        at = made;
      }
    }
    at[last] = value;
    if (origin) this.origins.set(path, origin);
  }

  drop(path: string, message?: string): void {
    const all = keys(path);
    const last = all.pop();
    const parent = all.length ? this.get(toPath(all)) : this.value;
    if (last === undefined || !isObject(parent) || !Object.hasOwn(parent, last)) return;
    delete parent[last];
    if (message) this.note(path, message);
  }

  /** Moves a value to where it is read. What already stands there wins, and the note says so. */
  move(from: string, to: string): void {
    const value = this.get(from);
    if (value === undefined) return;
    this.drop(from);
    const shown = unescape(to);
    if (this.has(to)) return this.note(from, `left out: "${shown}" is set as well, and wins`);
    this.set(to, value, from);
    this.note(from, `read as "${shown}"`);
  }

  note(path: string, message: string): void {
    this.notes.push({ path, message });
  }

  /** The entries of the object at a path ("" is the whole), each with its own path; none where there is no object. */
  entries(path: string): { key: string; path: string; value: unknown }[] {
    const value = path ? this.get(path) : this.value;
    if (!isObject(value)) return [];
    return Object.entries(value).map(([key, value]) => ({ key, path: join(path, key), value }));
  }
}

const keys = (path: string) => path.split(".").map(unescape);
const toPath = (keys: string[]) => keys.map(escape).join(".");
