import { Fault, type FaultReport } from "../base/fault.ts";
import type { Check } from "../protocol/check.ts";
import type { ConfigWatch } from "./watch.ts";

/** Whether the file says what the gateway runs with. */
export const createConfigChecks = ({
  watch,
  file,
}: {
  watch: ConfigWatch;
  file: string;
}): Check[] => [
  {
    code: "config.current",
    title: "The gateway runs with the config as it is now",
    dependsOn: [],
    async run() {
      const fault = toFault(watch, file);
      return fault ? { state: "warning", fault } : { state: "ok", detail: `"${file}" is in force` };
    },
  },
];

/** What to tell of a file that says something else than what is in force; undefined where it does not. */
export function toFault(watch: ConfigWatch, file: string): FaultReport | undefined {
  const now = watch.look();
  if (now.state === "same") return undefined;
  if (now.state === "changed") {
    return new Fault("CONFIG_CHANGED", { file, paths: now.paths }).toJSON();
  }
  const { message, fix } = now.fault;
  return new Fault("CONFIG_CHANGE_REFUSED", { file, why: message, mend: fix }).toJSON();
}
