import { entry } from "./entry.ts";

/** Most of these are read by a model first: the fix is what it should call next. */
export const toolFaults = {
  PATH_OUTSIDE_WORKSPACE: entry<{ path: string }>({
    status: 403,
    exit: 1,
    message: ({ path }) => `Cannot open "${path}": it lies outside the workspace`,
    fix: () => "Use a path inside the workspace, such as notes/today.md",
  }),
  PATH_INVALID: entry<{ path: string; detail: string }>({
    status: 400,
    exit: 1,
    message: ({ path, detail }) => `Cannot use "${path}" as a path: ${detail}`,
    fix: () => "Use plain names with / between them, such as notes/today.md",
  }),
  PATH_MISSING: entry<{ path: string }>({
    status: 404,
    exit: 1,
    message: ({ path }) => `Cannot open "${path}": there is no such file`,
    fix: () => "List the files with find",
  }),
  PATH_NOT_FILE: entry<{ path: string; kind: string }>({
    status: 409,
    exit: 1,
    message: ({ path, kind }) => `Cannot open "${path}": it is ${kind}`,
    fix: ({ kind }) =>
      kind === "a folder" ? "List what is in it with find" : "Use the path of a plain file",
  }),
  PATH_DENIED: entry<{ path: string; detail: string }>({
    status: 403,
    exit: 1,
    message: ({ path, detail }) => `Cannot open "${path}": the system refuses (${detail})`,
    fix: () => "Ask the person to change the file's permissions, or use another file",
  }),
  FILE_TOO_LARGE: entry<{ path: string; limitMb: number }>({
    status: 413,
    exit: 1,
    message: ({ path, limitMb }) => `Cannot use "${path}": it is larger than ${limitMb} MB`,
    fix: () => "Use run with head, tail or grep to see a part of it",
  }),
  FILE_BINARY: entry<{ path: string }>({
    status: 415,
    exit: 1,
    message: ({ path }) => `Cannot use "${path}": it is not text`,
    fix: () => "Use run with a program that reads this kind of file",
  }),
  EDIT_NO_MATCH: entry<{ path: string; nearest: string }>({
    status: 409,
    exit: 1,
    message: ({ path, nearest }) =>
      `Cannot edit "${path}": "old" does not stand in it exactly. ${nearest}`,
    fix: () => "Copy the lines exactly as read shows them, and call edit again",
  }),
  EDIT_AMBIGUOUS: entry<{ path: string; count: number; lines: string }>({
    status: 409,
    exit: 1,
    message: ({ path, count, lines }) =>
      `Cannot edit "${path}": "old" stands in it ${count} times (lines ${lines})`,
    fix: () => 'Add neighbouring lines to "old" until it is unique, or set "all" to true',
  }),
  TOOL_ARGUMENTS_WRONG: entry<{ tool: string; detail: string; expected: string }>({
    status: 400,
    exit: 1,
    message: ({ tool, detail }) => `Cannot call ${tool}: ${detail}`,
    fix: ({ tool, expected }) => `Call ${tool} with ${expected}`,
  }),
  /** `mode` is the one that allows it; none where no mode does. */
  WEB_OFF: entry<{ why: string; mode?: string }>({
    status: 403,
    exit: 1,
    message: ({ why }) => `Cannot use the internet: ${why}`,
    fix: ({ mode }) =>
      `Use the local documents instead (\`docs search\`)${mode ? `; a person can allow it with \`isopod mode set ${mode}\`` : ", or what you know"}`,
  }),
  WEB_REFUSED: entry<{ url: string; why: string }>({
    status: 403,
    exit: 1,
    message: ({ url, why }) => `Refused to read "${url}": ${why}`,
    fix: () => "Use another page",
  }),
  WEB_REDIRECT: entry<{ url: string; to: string }>({
    status: 409,
    exit: 1,
    message: ({ url, to }) => `Did not follow "${url}" to another site: it leads to "${to}"`,
    fix: () => "Call web_fetch with that address if the task needs it; the person is asked then",
  }),
  WEB_FAILED: entry<{ host: string; detail: string }>({
    status: 502,
    exit: 3,
    message: ({ host, detail }) => `Cannot read from "${host}": ${detail}`,
    fix: () => "Check the address, or use another page",
  }),
  WEB_UNREADABLE: entry<{ url: string; what: string }>({
    status: 415,
    exit: 1,
    message: ({ url, what }) => `Cannot show "${url}": it is ${what}, not text`,
    fix: () => "Use a page that has it as text",
  }),
  SEARCH_FAILED: entry<{ provider: string; detail: string; fix: string }>({
    status: 502,
    exit: 3,
    message: ({ provider, detail }) => `Cannot search with ${provider}: ${detail}`,
    fix: ({ fix }) => fix,
  }),
  WORKSPACE_OVERLAPS: entry<{ workspace: string; folder: string }>({
    status: 500,
    exit: 2,
    message: ({ workspace, folder }) =>
      `Cannot use "${workspace}" as workspace: it overlaps "${folder}", which an agent must not touch`,
    fix: () => "Set ISOPOD_WORKSPACE to a folder that holds nothing but the agent's work",
  }),
  WORKSPACE_READONLY: entry<{ workspace: string; detail: string }>({
    status: 500,
    exit: 2,
    message: ({ workspace, detail }) => `Cannot write to the workspace "${workspace}": ${detail}`,
    fix: ({ workspace }) =>
      `Make it yours with \`chown -R "$(id -u)" ${workspace}\`, or set ISOPOD_WORKSPACE to another folder`,
  }),
  WORKSPACE_LARGE: entry<{ workspace: string; files: number }>({
    status: 200,
    exit: 1,
    message: ({ workspace, files }) =>
      `The workspace "${workspace}" holds more than ${files} files: searches take long`,
    fix: () =>
      "Set ISOPOD_WORKSPACE to the folder of one project, and remove what is built or cached",
  }),
};
