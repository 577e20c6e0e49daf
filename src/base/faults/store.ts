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
  NOT_FOUND: entry<{ what: string; id: string }>({
    status: 404,
    exit: 2,
    message: ({ what, id }) => `Cannot find the ${what} "${id}"`,
    fix: ({ what }) =>
      `List what there is, and use an id of yours (a ${what} of another person is not shown)`,
  }),
};
