import { InvalidArgumentError } from "commander";

/**
 * Reads a whole number that a command takes.
 *
 * @param min - the least
 * @param max - the most; default: none
 * @returns the parser of an option
 */
export function numberFrom(min: number, max?: number): (text: string) => number {
  const range = max === undefined ? `from ${min}` : `from ${min} to ${max}`;
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= min && number <= (max ?? number)) return number;
    throw new InvalidArgumentError(`Give a number ${range}.`);
  };
}
