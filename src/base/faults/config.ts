import { entry } from "./entry.ts";

export const configFaults = {
  CONFIG_MISSING: entry<{ file: string }>({
    status: 500,
    exit: 2,
    message: ({ file }) => `Cannot read the config "${file}": there is no such file`,
    fix: () => "Correct ISOPOD_CONFIG, or unset it to use $ISOPOD_HOME/isopod.json",
  }),
  CONFIG_UNREADABLE: entry<{ file: string; detail: string }>({
    status: 500,
    exit: 2,
    message: ({ file, detail }) => `Cannot read the config "${file}": ${detail}`,
    fix: ({ file }) => `Make "${file}" a file that this user may read`,
  }),
  CONFIG_SYNTAX: entry<{ file: string; line: number; column: number; detail: string }>({
    status: 500,
    exit: 2,
    message: ({ file, line, column, detail }) =>
      `Cannot read the config "${file}", line ${line}, column ${column}: ${detail}`,
    fix: ({ line }) =>
      `Correct line ${line}; the file is JSON5 (comments and trailing commas are welcome)`,
  }),
  /** `setBy` where that is not the file: such as "$ISOPOD_GATEWAY_PORT". */
  CONFIG_VALUE: entry<{ path: string; found: string; allowed: string; setBy?: string }>({
    status: 500,
    exit: 2,
    message: ({ path, found, allowed }) => `Cannot use ${path} = ${found}: it must be ${allowed}`,
    fix: ({ path, allowed, setBy }) =>
      setBy
        ? `Set ${setBy} to ${allowed}, or unset it`
        : `Set ${path} to ${allowed}, or remove it to use the default`,
  }),
  CONFIG_UNKNOWN_KEY: entry<{ path: string; nearest?: string }>({
    status: 500,
    exit: 2,
    message: ({ path }) =>
      `Cannot start with "${path}": it is not known, and it looks meant to restrict something`,
    fix: ({ path, nearest }) =>
      nearest ? `Write "${nearest}" if that was meant, or remove "${path}"` : `Remove "${path}"`,
  }),
  CONFIG_NOT_KEPT: entry<{ path: string; why: string; instead: string }>({
    status: 500,
    exit: 2,
    message: ({ path, why }) => `Cannot keep what "${path}" promises: ${why}`,
    fix: ({ instead }) => instead,
  }),
  CONFIG_SECRET: entry<{ path: string; detail: string }>({
    status: 500,
    exit: 2,
    message: ({ path, detail }) => `Cannot find the secret for ${path}: ${detail}`,
    fix: ({ path }) => `Set the variable or the file that ${path} names, or remove ${path}`,
  }),
  CONFIG_EDIT: entry<{ file: string; detail: string }>({
    status: 500,
    exit: 2,
    message: ({ file, detail }) => `Cannot change the config "${file}": ${detail}`,
    fix: ({ file }) => `Edit "${file}" by hand, then try it with \`isopod config check\``,
  }),
  CONFIG_CHANGED: entry<{ file: string; paths: string[] }>({
    status: 500,
    exit: 1,
    message: ({ file, paths }) =>
      `The gateway runs with the config that it started with; "${file}" says something else since, at ${shown(paths)}`,
    fix: () => "Run `isopod gateway restart`: it holds from then on",
  }),
  /** The file was changed to something that could not be started with. `mend` is that fault's own fix. */
  CONFIG_CHANGE_REFUSED: entry<{ file: string; why: string; mend: string }>({
    status: 500,
    exit: 1,
    message: ({ file, why }) =>
      `The gateway goes on with the config that it started with; "${file}" could not be started with: ${why}`,
    fix: ({ mend }) => `Edit the file and run \`isopod gateway restart\`: ${mend}`,
  }),
};

/** A file that was rewritten differs in many places; three say where to look. */
const MOST_SHOWN = 3;

const shown = (paths: readonly string[]) =>
  paths.length > MOST_SHOWN
    ? `${paths.slice(0, MOST_SHOWN).join(", ")} and ${paths.length - MOST_SHOWN} more`
    : paths.join(", ");
