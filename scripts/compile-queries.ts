/** Compiles `src/store/queries.ts` into `src/store/statements.ts`. Run after changing a query. */

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { compileQueries } from "../src/store/queries.ts";

const file = fileURLToPath(new URL("../src/store/statements.ts", import.meta.url));
writeFileSync(
  file,
  `/** Compiled from \`queries.ts\` by \`node scripts/compile-queries.ts\`: change it there. */
export const statements = ${JSON.stringify(compileQueries(), null, 2)};
`,
);
execFileSync("oxfmt", [file], { stdio: "inherit" });
