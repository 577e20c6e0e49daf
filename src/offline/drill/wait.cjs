"use strict";

/* Waits in the machine of a drill until a server answers at a URL, at most so many ms; ends with 1 where none does. */

const [, , url, ms] = process.argv;
const until = Date.now() + Number(ms);

function ask() {
  fetch(url).then(
    () => process.exit(0),
    () => (Date.now() > until ? process.exit(1) : setTimeout(ask, 200)),
  );
}

ask();
