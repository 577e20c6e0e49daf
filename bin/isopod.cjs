#!/usr/bin/env node
// The launcher: finds a Node that fits, loads the network guard before anything else, then src/main.ts.
// Written in the JavaScript of old Nodes, because an old one may be what reads it first.

"use strict";

var path = require("path");

var FITTING = ">=24.16 <25 or >=26.1";

function fits(version) {
  var parts = version.split(".").map(Number);
  var major = parts[0];
  var minor = parts[1];
  return (major === 24 && minor >= 16) || (major === 26 && minor >= 1) || major > 26;
}

/** The Node that `npm ci` brought along (an optional dependency), or undefined. */
function bundledNode() {
  try {
    return require.resolve("node-" + process.platform + "-" + process.arch + "/bin/node");
  } catch (error) {
    return undefined; // this platform has none, or it was left out: the message below says what to do
  }
}

function runOn(node) {
  var child = require("child_process").spawn(node, [__filename].concat(process.argv.slice(2)), {
    stdio: "inherit",
  });
  // Without a listener Node opens its debugger, to whoever finds the port.
  process.on("SIGUSR1", function () {});
  ["SIGINT", "SIGTERM", "SIGHUP"].forEach(function (signal) {
    process.on(signal, function () {
      child.kill(signal);
    });
  });
  child.on("exit", function (code, signal) {
    process.exit(signal ? 128 + require("os").constants.signals[signal] : code);
  });
}

if (fits(process.versions.node)) {
  // Stripped and compiled code is kept beside the packages it came from, so that a start is short.
  require("module").enableCompileCache(path.join(__dirname, "../node_modules/.cache/isopod"));
  require("../src/network/preload.cjs");
  import("../src/main.ts");
} else {
  var node = bundledNode();
  if (node) {
    runOn(node);
  } else {
    process.stderr.write(
      "NODE_TOO_OLD  Cannot start on Node " +
        process.versions.node +
        ": Isopod needs " +
        FITTING +
        "\n" +
        "  fix   Install Node 24, or run `npm ci` again without --omit=optional\n",
    );
    process.exit(2);
  }
}
