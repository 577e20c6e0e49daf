/**
 * `OLLAMA_HOST`, in all the spellings that Ollama takes (envconfig/config.go): with and without scheme,
 * port and path, quoted, IPv6 with and without brackets. Pure.
 */

const DEFAULT_PORT = "11434";
/** What a scheme brings when no port is written. */
const SCHEME_PORTS: Record<string, string> = { http: "80", https: "443" };

/** The address to connect to, or undefined where there is none to be made of it. */
export function parseOllamaHost(value: string | undefined): string | undefined {
  const text = (value ?? "")
    .trim()
    .replaceAll(/^["']+|["']+$/g, "")
    .trim();
  if (text === "") return undefined;
  if (text.startsWith("unix:")) return text; // Ollama has none; a relay before it may
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined && !Object.hasOwn(SCHEME_PORTS, scheme)) return undefined;
  const rest = scheme === undefined ? text : text.slice(scheme.length + "://".length);
  const [authority = "", ...path] = rest.split("/");
  const { host, port } = splitPort(authority);
  const wanted = port ?? (scheme && SCHEME_PORTS[scheme]) ?? DEFAULT_PORT;
  const url = URL.parse(
    `${scheme ?? "http"}://${toHost(host)}:${isPort(wanted) ? wanted : DEFAULT_PORT}`,
  );
  if (!url) return undefined;
  const tail = path.join("/").replace(/\/+$/, "");
  return `${url.protocol}//${url.host}${tail && `/${tail}`}`;
}

function splitPort(authority: string): { host: string; port: string | undefined } {
  const bracketed = /^(\[[^\]]*\])(?::(.*))?$/.exec(authority);
  if (bracketed) return { host: bracketed[1] ?? "", port: bracketed[2] };
  const colons = authority.split(":").length - 1;
  if (colons !== 1) return { host: authority, port: undefined }; // none, or IPv6 without brackets
  const [host = "", port] = authority.split(":");
  return { host, port };
}

/** What a server listens on everywhere is reached on this machine; 0.0.0.0 is no address to connect to. */
function toHost(host: string): string {
  const bare = host.replace(/^\[|\]$/g, "");
  if (bare === "" || bare === "0.0.0.0" || bare === "*") return "127.0.0.1";
  if (bare === "::" || bare === "0:0:0:0:0:0:0:0") return "[::1]";
  return bare.includes(":") ? `[${bare}]` : bare;
}

const isPort = (text: string) => /^\d+$/.test(text) && Number(text) > 0 && Number(text) < 65_536;
