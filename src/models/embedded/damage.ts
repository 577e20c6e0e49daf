/**
 * Thrown by whatever reads weights; the message says what is wrong with the file. It crosses a thread as
 * text, and whoever knows the path makes `MODEL_DAMAGED` of it.
 */
export class Damage extends Error {
  override readonly name = "Damage";
}

export function damaged(detail: string): never {
  throw new Damage(detail);
}
