/**
 * Every word the page says itself, in one object: a second language is one more of the same type. What
 * the gateway says (faults, notes, waiting texts) comes from the gateway.
 */

import type { Link, Locality, Mode } from "../../src/protocol/event.ts";

const count = new Intl.NumberFormat("en");
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const plural = (n: number, one: string, many: string) =>
  `${count.format(n)} ${n === 1 ? one : many}`;

const en = {
  name: "Isopod",
  close: "Close",
  cancel: "Cancel",
  copy: "Copy",
  copied: "Copied",
  dismiss: "Dismiss",

  unreachable: {
    code: "GATEWAY_UNREACHABLE",
    message: "Cannot reach the gateway: nothing answers at this address",
    fix: "See that it runs, with `isopod gateway status`, and try again",
  },

  pair: {
    title: "Pair this browser",
    lead: "Isopod answers only to devices it knows. Pairing takes a moment and is done once.",
    unknown: "This browser is not paired, or its pairing was revoked. Pair it again to go on.",
    code: "Pairing code",
    codeHint: "`npm start` printed it. For a new one, run `isopod gateway status --pair`",
    device: "Name of this device",
    deviceHint: "So that you recognise it in the list of devices",
    submit: "Pair",
    submitting: "Pairing…",
    deviceName: (browser: string, system: string) => `${browser} on ${system}`,
    someBrowser: "Browser",
    someSystem: "this device",
  },

  sessions: {
    title: "Sessions",
    open: "Show sessions",
    close: "Hide sessions",
    create: "New session",
    untitled: "New session",
    empty: "No sessions yet. What you write first becomes one.",
    rename: (title: string) => `Rename “${title}”`,
    renameLabel: "Title of the session",
    remove: (title: string) => `Delete “${title}”`,
    removeTitle: "Delete this session?",
    removeText: (title: string) =>
      `“${title}” and all its messages are deleted from this gateway. This cannot be undone. Files in the workspace stay.`,
    removeConfirm: "Delete",
    private: "Private: no model beyond your own machines is asked",
    privateFiles: (folder: string) => `Its files: ${folder}`,
    busy: "is working",
    asks: "waits for your approval",
    ages: { today: "Today", yesterday: "Yesterday", week: "Past seven days", older: "Older" },
  },

  link: {
    lost: "Connection to the gateway lost.",
    retryIn: (seconds: number) =>
      seconds > 0 ? `Next try in ${plural(seconds, "second", "seconds")}.` : "Trying…",
    retryNow: "Try now",
    connecting: "Connecting…",
  },

  offline: {
    title: {
      "no-link": "No network is connected.",
      local: "The internet cannot be reached.",
      degraded: "The internet does not answer.",
      portal: "Something answers in place of the internet, such as a sign-in page.",
      unknown: "What the mode allows cannot be reached.",
      online: "What the mode allows cannot be reached.",
    } satisfies Record<Link, string>,
    since: (reason: string, time: string) =>
      `Since ${time}: ${reason}. Models of this machine go on answering; the rest comes back by itself.`,
  },

  model: {
    title: "Model",
    none: "No model",
    noneTitle: "There is no model to answer",
    noneText:
      "Start a model server such as Ollama on this machine, then see what Isopod finds with `isopod models list`.",
    demonstration: "Demonstration",
    demoTag: "Demonstration model",
    demoTitle: "It shows how Isopod works, and knows little.",
    demoText:
      "It is a few megabytes small: it shows how Isopod lists, reads and writes files, and knows little else. For real answers, install Ollama, fetch a model, and switch:",
    demoCommands: ["ollama pull qwen3:8b", "isopod models use ollama/qwen3:8b"],
    demoMore: "Get a real model",
    context: (tokens: number) => `${count.format(tokens)} tokens of context`,
    tools: "uses tools",
    noTools: "chat only",
    loaded: "loaded",
    current: "answers now",
    use: "Use",
    choose: "Models found",
    chooseNone: "No model was found.",
    loading: "Asking the model servers…",
    locality: {
      embedded: "inside Isopod",
      device: "on this device",
      lan: "on your network",
      mesh: "on your mesh",
      cloud: "in the cloud",
      unknown: "location unknown",
    } satisfies Record<Locality, string>,
    localityText: {
      embedded: "It runs inside the gateway. Nothing you write leaves this machine.",
      device: "It runs on this machine. Nothing you write leaves it.",
      lan: "It runs on another machine of your network. What you write travels there.",
      mesh: "It runs on another machine of your mesh. What you write travels there, encrypted.",
      cloud: "It runs on somebody else’s computers. What you write leaves your network.",
      unknown: "Where it runs is not known. Treat it as if what you write left your network.",
    } satisfies Record<Locality, string>,
  },

  mode: {
    title: "Network mode",
    lead: "The mode is what Isopod may connect to, whatever a model asks for. Only a person can change it.",
    needsAdmin: "This device may not change the mode: it lacks the scope “admin”.",
    until: (time: string) => `It holds until ${time}; then what was set for good holds again.`,
    untilRestart: "It holds until the gateway starts anew; then what was set for good holds again.",
    names: {
      device: "Device",
      private: "Private",
      internet: "Internet",
    } satisfies Record<Mode, string>,
    texts: {
      device: "This machine only. Model servers elsewhere cannot answer.",
      private: "This machine, and hosts of your own network or mesh that the config names.",
      internet: "Also internet hosts that the config names. Web tools may fetch public pages.",
    } satisfies Record<Mode, string>,
  },

  status: {
    title: "Status",
    open: "Model, network mode and sandbox",
    sandbox: "Sandbox",
    sandboxOn: (name: string) => `Commands run in ${name}, without a network.`,
    sandboxOff: "Off: the tool `run` is not offered. The file tools still work.",
    sandboxOffShort: "Sandbox off",
    sandboxOnShort: "Sandboxed",
    sandboxFix: "`isopod doctor` shows what is missing and what mends it.",
    workspace: "Workspace",
    workspaceText: "The one folder that the assistant may change.",
    notes: "What was found and chosen at the start",
    noNotes: "Nothing to report.",
    about: "About",
    version: (version: string) => `Isopod ${version}`,
    device: (device: string, person: string) => `${device}, paired for ${person}`,
  },

  chat: {
    label: "Conversation",
    emptyTitle: "What shall we do?",
    emptyText: "The assistant works in your workspace, on your own model.",
    examples: [
      // The demonstration model understands all four, and the third shows what the second did.
      { title: "See what is there", text: "What files do I have?" },
      { title: "Write a file", text: "Put milk and bread into shopping.txt" },
      { title: "Read it back", text: "What is in shopping.txt?" },
      { title: "Ask for more", text: "What can you do?" },
    ],
    earlier: "Earlier messages",
    newest: "Go to the newest message",
    loading: "Opening the session…",
    you: "You",
    assistant: "Isopod",
    working: "Working…",
    queued: "Queued: sent once the running turn ends",
    sending: "Sending…",
    waiting: "Not sent yet: it goes out when the gateway is back",
    retry: "Try again",
    withdraw: "Take it back",
    thinking: "Thinking…",
    thought: "Thought",
    copyAnswer: "Copy the answer",
    blockedImage: (what: string) => `Picture not loaded${what ? `: ${what}` : ""}`,
    answered: "Isopod answered:",
    usage: (read: number, written: number) =>
      `${compact.format(read)} tokens read, ${compact.format(written)} written`,
    contextUsed: (used: number, all: number) =>
      `${count.format(used)} of ${count.format(all)} tokens of context used`,
    contextShort: (percent: number) => `${percent}% of context`,
  },

  step: {
    names: {
      read: ["Reading", "Read"],
      write: ["Writing", "Wrote"],
      edit: ["Editing", "Edited"],
      find: ["Looking for", "Looked for"],
      run: ["Running", "Ran"],
      remember: ["Noting", "Noted"],
      docs: ["Searching documents for", "Searched documents for"],
      web_search: ["Searching the web for", "Searched the web for"],
      web_fetch: ["Fetching", "Fetched"],
    } as Readonly<Record<string, readonly [running: string, done: string]>>,
    /** For calls that name nothing in particular. */
    alone: {
      find: ["Listing the files", "Listed the files"],
    } as Readonly<Record<string, readonly [running: string, done: string]>>,
    other: ["Using", "Used"] as const,
    states: { running: "running", ok: "done", failed: "failed", cut: "did not finish" },
    input: "Input",
    output: "Output",
    noOutput: "No output.",
    empty: "(empty)",
  },

  approval: {
    title: "May it do this?",
    label: (tool: string) => `The tool ${tool} asks for your approval`,
    decisions: {
      allow: "Allow once",
      "allow-session": "Allow in this session",
      "allow-always": "Always allow",
      deny: "Deny",
    },
    lasting: (what: string) => `Longer than once you would allow ${what} as a whole.`,
    expires: (minutes: number) =>
      minutes <= 1
        ? "Expires within a minute"
        : `Expires in ${plural(minutes, "minute", "minutes")}`,
    expired: "Expired: it was not run",
    needsScope: "This device may not approve: it lacks the scope “approve”.",
    elsewhere: (n: number) =>
      n === 1
        ? "Another session waits for your approval."
        : `${n} other sessions wait for your approval.`,
    show: "Show",
  },

  images: {
    label: "Images",
    attach: "Attach an image",
    remove: (name: string) => `Remove ${name}`,
    wrongType: (name: string) => `Cannot attach “${name}”: it is no PNG, JPEG, WebP or GIF image`,
    tooLarge: (name: string) => `Cannot attach “${name}”: it is larger than 5 MiB`,
    tooMany: (most: number) => `Cannot attach more than ${most} images to one message`,
    fix: "Take PNG, JPEG, WebP or GIF files of at most 5 MiB, eight to a message",
  },

  composer: {
    label: "Message",
    placeholder: "Write a message",
    placeholderBusy: "Write the next message",
    send: "Send",
    stop: "Stop",
    hint: "Enter sends, Shift+Enter starts a new line",
    needsScope: "This device may read but not write: it lacks the scope “chat”.",
    noModel: "No model can answer yet.",
  },

  external: {
    title: "Open this address?",
    text: "It comes from the conversation. Opening it tells that host whatever the address holds.",
    open: "Open in a new tab",
    copy: "Copy the address",
  },
};

export type Texts = typeof en;

export const texts: Texts = en;
