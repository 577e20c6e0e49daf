/** `node test/clients/install.ts [sdks|openclaw]…`: brings clients into the cache folder; all without a name. */

import { install, OPENCLAW, SDKS } from "./packages.ts";

const names = process.argv.slice(2);
const all = [SDKS, OPENCLAW];
for (const name of names) {
  if (all.every((one) => one.name !== name)) throw new Error(`There is no client "${name}"`);
}
for (const one of all) {
  if (names.length === 0 || names.includes(one.name)) install(one);
}
