/**
 * Node's HTTP/1. Not by `import`: an ES module evaluates all that it exports, and among what `node:http`
 * exports is the WebSocket of another HTTP client, which takes 70 ms and 13 MB to load.
 */
export const { Agent, createServer, request } = process.getBuiltinModule("node:http");

/** HTTP/1 over TLS, loaded by whoever listens with it. */
export const loadHttps = () => process.getBuiltinModule("node:https");
