/** What goes wrong with a peer, and what to do about it. Anything else that is thrown is a bug. */
export class Trouble extends Error {
  readonly fix: string;

  constructor(message: string, fix: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "Trouble";
    this.fix = fix;
  }
}
