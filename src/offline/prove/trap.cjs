"use strict";

/*
 * The far end of the only cable of a proof: every address there is belongs to it. It answers whoever comes
 * over TCP on the usual ports and asks for a name, and says which canaries it heard, one JSON line each:
 * {"heard":"canary-…","kind":"tcp","to":"203.0.113.7:443"}. What no program can listen for (ICMP, other
 * ports) the kernel counts. It ends when its standard input does.
 */

const dgram = require("node:dgram");
const net = require("node:net");

const { tcpPorts, resolvers, udp, answer } = JSON.parse(process.argv[2]);

const CANARY = /canary-[a-z0-9-]+/g;

/** Enough for the head of a request and its first words. */
const KEPT_BYTES = 64 * 1024;

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

function hear(kind, to, bytes) {
  const text = bytes.toString("latin1");
  for (const [heard] of text.matchAll(CANARY)) say({ heard, kind, to });
}

function listenTcp(port, host) {
  const server = net.createServer((socket) => {
    const to = `${socket.localAddress}:${socket.localPort}`;
    let kept = Buffer.alloc(0);
    socket.on("error", () => {}); // whoever leaked goes away as it likes
    socket.on("data", (bytes) => {
      kept = Buffer.concat([kept, bytes]).subarray(0, KEPT_BYTES);
      hear("tcp", to, kept);
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    });
  });
  return new Promise((resolve) => server.listen({ port, host, ipv6Only: true }, resolve));
}

function bindUdp(address, port, isResolver) {
  const socket = dgram.createSocket(address.includes(":") ? "udp6" : "udp4");
  socket.on("message", (bytes, from) => {
    hear(isResolver ? "dns" : "udp", `${address}:${port}`, bytes);
    if (isResolver) socket.send(toAnswer(bytes), from.port, from.address);
  });
  return new Promise((resolve) => socket.bind(port, address, resolve));
}

/** Says that every name is at one address; of questions for anything but IPv4, that there is none. */
function toAnswer(question) {
  let end = 12;
  while (end < question.length && question[end] !== 0) end += question[end] + 1;
  const isA = question.readUInt16BE(end + 1) === 1;
  const head = Buffer.from(question.subarray(0, 12));
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(isA ? 1 : 0, 6);
  head.writeUInt32BE(0, 8);
  const record = Buffer.from([
    0xc0,
    12,
    0,
    1,
    0,
    1,
    0,
    0,
    0,
    1,
    0,
    4,
    ...answer.split(".").map(Number),
  ]);
  return Buffer.concat([head, question.subarray(12, end + 5), ...(isA ? [record] : [])]);
}

process.stdin.on("end", () => process.exit()).resume();
process.on("uncaughtException", (error) => say({ failed: error.message }));

Promise.all([
  ...tcpPorts.flatMap((port) => [listenTcp(port, "0.0.0.0"), listenTcp(port, "::")]),
  ...resolvers.map((address) => bindUdp(address, 53, true)),
  ...udp.map(([address, port]) => bindUdp(address, port, false)),
]).then(() => say({ ready: true }));
