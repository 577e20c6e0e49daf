/** Writes `config.example.jsonc` from the rooms' settings: every key, its default, its reason. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { configExample } from "../src/config/example.ts";
import { settings } from "../src/settings.ts";

writeFileSync(join(import.meta.dirname, "../config.example.jsonc"), configExample(settings));
