// Root postinstall: points node_modules/.bin/node at the Node that came with the packages. npm 11 and
// later make the link themselves; npm 10 removes it when it prunes the other platform's package.

"use strict";

var fs = require("fs");
var path = require("path");

var root = path.join(__dirname, "..");
var bundled = path.join(
  root,
  "node_modules",
  "node-" + process.platform + "-" + process.arch,
  "bin",
  "node",
);
var link = path.join(root, "node_modules", ".bin", "node");

if (fs.existsSync(bundled)) {
  fs.mkdirSync(path.dirname(link), { recursive: true });
  fs.rmSync(link, { force: true });
  fs.symlinkSync(path.relative(path.dirname(link), bundled), link);
}
// Without it (another platform, --omit=optional) the system's own Node must fit `engines`.
