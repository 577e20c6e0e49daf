// Checks a statement of `isopod egress statement` with nothing but Node, on any machine:
//   node verify-statement.mjs STATEMENT.json SIGNING.pub [NUMBER:HASH]
// Its .minisig lies beside it. An end of the ledger that was noted earlier must be in it. Exit code 0: it holds.
import { createPublicKey, hash, verify } from "node:crypto";
import { readFileSync } from "node:fs";

const [file, keyFile, noted] = process.argv.slice(2);
const wrong = new Set();
const must = (holds, text) => holds || wrong.add(text);
const bytes = readFileSync(file);
const { chain, left, lines: texts, now, peers, reasons, source, verdict } = JSON.parse(bytes);

// The signature, in minisign's format: Ed25519 over BLAKE2b-512; the first ten bytes name algorithm and key.
const decode = (path) =>
  Buffer.from(readFileSync(path, "utf8").split("\n")[1], "base64").subarray(10);
const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), decode(keyFile)]);
const key = createPublicKey({ key: spki, format: "der", type: "spki" });
const isSigned = verify(null, hash("blake2b512", bytes, "buffer"), key, decode(`${file}.minisig`));
must(isSigned, "this key did not sign it");

// The chain through the ledger's lines.
let { before } = chain;
for (const text of texts) {
  const at = text.lastIndexOf(',"hash":"');
  before = hash("sha256", before + text.slice(0, at));
  must(text.slice(at) === `,"hash":"${before}"}`, `a line is not as it was written: ${text}`);
  before = text.slice(at + 9, -2);
}
must(texts.length === 0 || before === chain.head.hash, "it does not end where the chain does");
const lines = [...texts, ...(now ? [JSON.stringify(now)] : [])].map((text) => JSON.parse(text));
must(
  !noted || lines.some((line) => `${line.n}:${line.hash}` === noted),
  "the noted end is not in it",
);

// What the kernel counted against what the lines tell, as src/offline/statement/account.ts has it.
const kinds = "sentBytes frames requests octets loFrames loBytes chatter resent".split(" ");
const sum = Object.fromEntries(kinds.map((name) => [name, 0]));
let last = {};
for (const line of lines.filter(({ kind }) => kind === "counters")) {
  const counted = { ...line, ...line.counters };
  const isSameRun = last.host === line.host && line.purpose !== "counters.start";
  for (const name of kinds) sum[name] += isSameRun ? counted[name] - last[name] : 0;
  last = counted;
}
const isAway = ({ kind, address }) =>
  ["connection", "request"].includes(kind) && address && !/^(127\.|::1$)/.test(address);
const names = lines.filter(({ kind }) => kind === "name").length;
const datagrams = Math.max(0, Math.min(sum.requests - sum.loFrames, sum.frames) - sum.chatter);
const bytesLeft = Math.min(sum.octets - sum.loBytes + sum.loFrames * 14, sum.sentBytes);
const told = lines.filter(isAway).reduce((all, { sentBytes }) => all + sentBytes, names * 2000);
const most = told + datagrams * 72 + sum.resent * 1500 + sum.chatter * 216;
const isTold = names + lines.filter(isAway).length === 0 ? datagrams === 0 : bytesLeft <= most;
must(source.kind === "ledger" || isTold, "bytes left of which no line tells");
must(source.kind !== "interfaces" || sum.frames === 0, "an interface did send something");
must(!left || kinds.every((name) => sum[name] === left[name]), "its sums differ");
must(verdict !== "failed", reasons.join("; "));
for (const { host, onward } of peers) console.log(`${onward}: ${host}`);
console.log(wrong.size > 0 ? `FAILED: ${[...wrong].join("; ")}` : `holds: ${verdict}`);
process.exit(wrong.size > 0 ? 1 : 0);
