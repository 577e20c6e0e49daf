import assert from "node:assert/strict";
import { test } from "node:test";

import { parseOllamaHost } from "./ollama-host.ts";

test("OLLAMA_HOST is read in all its spellings", () => {
  const spellings: [string | undefined, string | undefined][] = [
    [undefined, undefined],
    ["  ", undefined],
    ["127.0.0.1", "http://127.0.0.1:11434"],
    ["127.0.0.1:1234", "http://127.0.0.1:1234"],
    [":1234", "http://127.0.0.1:1234"],
    ["0.0.0.0", "http://127.0.0.1:11434"],
    ["0.0.0.0:8080", "http://127.0.0.1:8080"],
    ["http://0.0.0.0:11434", "http://127.0.0.1:11434"],
    ["::", "http://[::1]:11434"],
    ["[::]:1234", "http://[::1]:1234"],
    ["::1", "http://[::1]:11434"],
    ["[::1]", "http://[::1]:11434"],
    ["gpu-box", "http://gpu-box:11434"],
    ["http://gpu-box", "http://gpu-box"],
    ["https://ollama.example.com", "https://ollama.example.com"],
    ["https://ollama.example.com:8443/api/", "https://ollama.example.com:8443/api"],
    ['"127.0.0.1:99"', "http://127.0.0.1:99"],
    ["localhost:99999", "http://localhost:11434"],
    ["localhost/", "http://localhost:11434"],
    ["unix:/run/ollama.sock", "unix:/run/ollama.sock"],
    ["ftp://box", undefined],
  ];
  for (const [value, url] of spellings) assert.equal(parseOllamaHost(value), url, value);
});
