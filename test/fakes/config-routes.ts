/** The routes of the config room, over a config without wishes that nobody changes. */

import { parseConfig } from "../../src/config/config.ts";
import { configRoutes } from "../../src/config/routes.ts";

export const createFakeConfigRoutes = () =>
  configRoutes({
    config: parseConfig({ file: undefined, env: {}, secretsFolder: "/nowhere", settings: [] }),
    file: "/home/kim/.isopod/isopod.json",
    watch: { look: () => ({ state: "same" }), close: () => undefined },
  });
