import { entry } from "./entry.ts";

export const storeFaults = {
  STORE_LOCKED: entry<{ folder: string }>({
    status: 500,
    exit: 2,
    message: ({ folder }) => `Cannot open "${folder}": another gateway is using it`,
    fix: () =>
      "Stop the other one with `isopod gateway stop`, or give this one its own ISOPOD_HOME",
  }),
  STORE_FULL: entry<{ folder: string }>({
    status: 507,
    exit: 1,
    message: ({ folder }) => `Cannot save: the disk that holds "${folder}" is full`,
    fix: ({ folder }) => `Free some space under "${folder}"; nothing that was acknowledged is lost`,
  }),
  STORE_UNREADABLE: entry<{ file: string; detail: string }>({
    status: 500,
    exit: 1,
    message: ({ file, detail }) => `Cannot read "${file}": ${detail}`,
    fix: ({ file }) =>
      `Move "${file}" aside and restore it from a backup, or start with an empty ISOPOD_HOME`,
  }),
  STORE_NEWER: entry<{ file: string; found: number; known: number }>({
    status: 500,
    exit: 2,
    message: ({ file, found, known }) =>
      `Cannot open "${file}": its version ${found} is newer than ${known}, the last this program knows`,
    fix: () => "Use the newer Isopod that wrote it",
  }),
  STORE_EXPOSED: entry<{ path: string; mode: string }>({
    status: 500,
    exit: 1,
    message: ({ path, mode }) =>
      `Cannot vouch for "${path}": other users of this machine may open it (mode ${mode})`,
    fix: ({ path }) =>
      `Run \`chmod go-rwx ${path}\`, then \`isopod doctor --fix\` for what lies in it`,
  }),
  STORE_SPACE_LOW: entry<{ folder: string; freeMb: number }>({
    status: 507,
    exit: 1,
    message: ({ folder, freeMb }) =>
      `Cannot save for long: the disk that holds "${folder}" has ${freeMb} MB left`,
    fix: () => "Free some space on that disk; 1 GB is comfortable",
  }),
  JOURNAL_REPEATED: entry<{ call: string }>({
    status: 409,
    exit: 1,
    message: ({ call }) => `Cannot run the tool call "${call}": it was started before`,
    fix: () => "Look at what it did, then ask again in a new message: an effect happens once",
  }),
  /** `what` alone where it says which one, such as `the session "ses_1"`; `instead` where one command helps. */
  NOT_FOUND: entry<{ what: string; id?: string; instead?: string }>({
    status: 404,
    exit: 2,
    message: ({ what, id }) =>
      id === undefined ? `Cannot find ${what}` : `Cannot find the ${what} "${id}"`,
    fix: ({ instead }) =>
      instead ??
      "List what there is, and use an id of yours (what is another person's is not shown)",
  }),
};
