/** What was found out about a model's window and its server's slots; `POST /api/context/check` answers it. */
export type WindowReport = {
  /** `provider/model` */
  ref: string;
  /** What is asked of the server, or what it says that it has. */
  contextTokens: number;
  /** What is used: less where the server held less. */
  heldTokens: number;
  /**
   * `whole`: a word at each end of a prompt that fills the window came back. `counted`: the model could not
   * repeat them, and the server counted all tokens. `cut`: it dropped a part without a word. `skipped`: not
   * looked at, and `why`.
   */
  state: "whole" | "counted" | "cut" | "skipped";
  why?: string;
  /** Whether two conversations that take turns are both kept in the server's cache. */
  slots: "kept" | "evicted" | "unknown";
  /** Against `evicted`. */
  advice?: string;
  at: number;
};
