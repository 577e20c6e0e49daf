/** Shorter ones can be guessed or were meant as an example; `openssl rand -hex 16` makes one twice as long. */
const MIN_TOKEN_LENGTH = 16;

/** Whether a token of the environment is too short to guard anything. */
export const isWeakToken = (token: string): boolean => token.length < MIN_TOKEN_LENGTH;
