import { entry } from "./entry.ts";

export const configFaults = {
  CONFIG_MISSING: entry<{ file: string }>({
    status: 500,
    exit: 2,
    message: ({ file }) => `Cannot read the config "${file}": there is no such file`,
    fix: () => "Correct ISOPOD_CONFIG, or unset it to use $ISOPOD_HOME/isopod.json",
  }),
};
