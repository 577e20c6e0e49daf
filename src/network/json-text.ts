import { z } from "zod";

/** JSON as it was kept; what is none is an issue like any other, for a line may have been cut by a crash. */
export const jsonText = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: "custom", message: "not JSON" });
    return z.NEVER;
  }
});
