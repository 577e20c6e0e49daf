import { entry } from "./entry.ts";

export const agentFaults = {
  TURN_STOPPED: entry({
    status: 499,
    exit: 130,
    message: () => "Stopped: the turn was ended by a person",
    fix: () => "Send another message to go on",
  }),
};
