import { entry } from "./entry.ts";

export const gatewayFaults = {
  REQUEST_INVALID: entry<{ where: string; detail: string }>({
    status: 400,
    exit: 2,
    message: ({ where, detail }) => `Cannot read the request: ${where}: ${detail}`,
    fix: () => "Correct the request; docs/api.md shows each route with its fields",
  }),
};
