"use strict";

/*
 * The guard's preload: loaded before anything else, it closes every way to a socket, a name server, a
 * program or a native add-on that Node offers, in the main thread and in each worker. The one file that
 * patches globals.
 *
 * What the gateway itself needs goes through doors: `process[Symbol.for("isopod.doors")]` holds a function
 * that hands them out once, to `src/process/doors.ts`. A door is open only while the function it was given
 * runs, synchronously, so that nobody slips through beside it. A worker gets no doors at all.
 *
 * It is a seat belt against libraries and mistakes. Code that means harm and runs in this process can get
 * round it (docs/network.md says how); the wall is a namespace without a network.
 */

const childProcess = require("node:child_process");
const dgram = require("node:dgram");
const dns = require("node:dns");
const inspector = require("node:inspector");
const modules = require("node:module");
const net = require("node:net");
const workers = require("node:worker_threads");

const MARK = Symbol.for("isopod.doors");

/** What was blocked before anybody watched; more than this many are a loop, and only counted as one. */
const KEPT_ATTEMPTS = 100;

if (process[MARK] === undefined) install();

function install() {
  const open = { connect: 0, resolve: 0, listen: 0, start: 0 };
  const attempts = createAttempts();

  closeSockets(open, attempts);
  closeNames(open, attempts);
  closeDatagrams(attempts);
  closeListeners(open, attempts);
  closePrograms(open, attempts);
  closeWorkers();
  closeBackDoors(attempts);
  modules.syncBuiltinESMExports();

  lock(process, MARK, createTake(open, attempts));
}

/** Hands out the doors, once, in the main thread; undefined to everybody who comes later. */
function createTake(open, attempts) {
  let taken = !workers.isMainThread;
  const door = (kind) => (act) => {
    open[kind] += 1;
    try {
      return act();
    } finally {
      open[kind] -= 1;
    }
  };
  return () => {
    if (taken) return undefined;
    taken = true;
    return Object.freeze({
      connect: door("connect"),
      resolve: door("resolve"),
      listen: door("listen"),
      start: door("start"),
      watch: attempts.watch,
    });
  };
}

/** All of TCP, TLS, HTTP/1 and /2, fetch and WebSocket come through this one method. */
function closeSockets(open, attempts) {
  const connect = net.Socket.prototype.connect;
  lock(net.Socket.prototype, "connect", function (...args) {
    if (open.connect > 0) return connect.apply(this, args);
    const error = attempts.refuse("connection", targetOf(args));
    // Until the error is out the socket must look busy: http2 takes one that does not for connected.
    this.connecting = true;
    process.nextTick(() => this.destroy(error));
    return this;
  });
}

/** A name that is asked for leaves the machine as surely as a connection does. */
function closeNames(open, attempts) {
  const may = (name) => open.resolve > 0 || (name === "lookup" && open.listen > 0);
  for (const holder of [dns, dns.Resolver.prototype]) {
    wrapEach(holder, (name, ask) => {
      return function (...args) {
        if (may(name)) return ask.apply(this, args);
        const error = attempts.refuse("name", String(args[0]));
        const callback = args.at(-1);
        if (typeof callback !== "function") throw error;
        process.nextTick(callback, error);
        return undefined;
      };
    });
  }
  for (const holder of [dns.promises, dns.promises.Resolver.prototype]) {
    wrapEach(holder, (name, ask) => {
      return function (...args) {
        if (may(name)) return ask.apply(this, args);
        return Promise.reject(attempts.refuse("name", String(args[0])));
      };
    });
  }

  function wrapEach(holder, wrap) {
    for (const name of Object.getOwnPropertyNames(holder)) {
      if (/^(lookup|resolve|reverse)/.test(name)) lock(holder, name, wrap(name, holder[name]));
    }
  }
}

/** Nothing of ours speaks UDP. Joining a group or binding a port is heard on the network too. */
function closeDatagrams(attempts) {
  const names = Object.getOwnPropertyNames(dgram.Socket.prototype);
  for (const name of names) {
    if (!/^(bind|connect|send|add[MS])/.test(name)) continue;
    lock(dgram.Socket.prototype, name, () => {
      throw attempts.refuse("datagram", `dgram ${name}`);
    });
  }
}

function closeListeners(open, attempts) {
  /** Listening goes on in a later tick, when the door is shut again. */
  const admitted = new WeakSet();
  const { listen, _listen2: bind } = net.Server.prototype;
  lock(net.Server.prototype, "listen", function (...args) {
    if (open.listen === 0) throw attempts.refuse("listener", targetOf(args));
    admitted.add(this);
    return listen.apply(this, args);
  });
  lock(net.Server.prototype, "_listen2", function (...args) {
    if (!admitted.has(this)) throw attempts.refuse("listener", String(args[0]));
    return bind.apply(this, args);
  });
  refuseAll(net, ["_createServerHandle", "BoundSocket"], "listener", attempts);
  // The debugger's listener is a way in, for whoever finds its port.
  refuseAll(inspector, ["open"], "listener", attempts);
}

function closePrograms(open, attempts) {
  const gate = (holder, name, target) => {
    const start = holder[name];
    lock(holder, name, function (...args) {
      if (open.start === 0) throw attempts.refuse("program", target(args));
      return start.apply(this, args);
    });
  };
  gate(childProcess.ChildProcess.prototype, "spawn", ([options]) => String(options?.file));
  for (const name of ["spawnSync", "execSync", "execFileSync"]) {
    gate(childProcess, name, ([command]) => String(command));
  }
  refuseAll(process, ["execve"], "program", attempts);
}

/** Workers are welcome, but each starts with this file, also those made from a string. */
function closeWorkers() {
  const Original = workers.Worker;
  // Not a subclass: its prototype chain would lead to the original.
  function Worker(file, options = {}) {
    if (new.target === undefined) throw new TypeError("Worker must be called with new");
    const given = typeof options.env === "object" && options.env !== null;
    const env = { ...(given ? options.env : process.env) };
    // Flags of the caller are dropped, from here and from there: a loader among them runs before us.
    delete env.NODE_OPTIONS;
    const forced = { ...options, env, execArgv: ["--require", __filename] };
    return Reflect.construct(Original, [file, forced], new.target);
  }
  Worker.prototype = Original.prototype;
  lock(Original.prototype, "constructor", Worker);
  lock(workers, "Worker", Worker);
}

/** Ways to native code and to threads that load no preload: all that is above could be had there anew. */
function closeBackDoors(attempts) {
  refuseAll(process, ["binding", "_linkedBinding"], "internal binding", attempts);
  refuseAll(process, ["dlopen"], "native add-on", attempts);
  refuseAll(process, ["_debugProcess"], "debugger", attempts);
  // Node answers this signal with a debugger on a TCP port, which any user of the machine can reach.
  if (workers.isMainThread) process.on("SIGUSR1", () => attempts.refuse("debugger", "SIGUSR1"));
  refuseAll(modules, ["register"], "loader thread", attempts);
}

function refuseAll(holder, names, kind, attempts) {
  for (const name of names) {
    if (holder[name] === undefined) continue; // not in every version of Node
    lock(holder, name, function () {
      throw attempts.refuse(kind, name);
    });
  }
}

/** Remembers what was refused until somebody watches, then tells them at once. */
function createAttempts() {
  const kept = [];
  let tell = (attempt) => {
    if (kept.length < KEPT_ATTEMPTS) kept.push(attempt);
  };
  return {
    watch(listener) {
      tell = listener;
      for (const attempt of kept.splice(0)) listener(attempt);
    },
    refuse(kind, target) {
      tell({ kind, target });
      return Object.assign(new Error(`Blocked a ${kind} ("${target}"): it went round the guard`), {
        code: "EGRESS_BLOCKED",
      });
    },
  };
}

/** What `connect` or `listen` was given, for people: never trusted. */
function targetOf(args) {
  const first = Array.isArray(args[0]) ? args[0][0] : args[0];
  if (typeof first !== "object" || first === null) {
    return typeof args[1] === "string" ? `${args[1]}:${first}` : String(first);
  }
  if (typeof first.path === "string") return first.path;
  return `${first.host ?? "localhost"}:${first.port}`;
}

/** Whoever patches this later, in strict mode, gets a TypeError instead of an open door. */
function lock(holder, name, value) {
  Object.defineProperty(holder, name, { value, writable: false, configurable: false });
}
