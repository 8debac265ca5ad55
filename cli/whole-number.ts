import { InvalidArgumentError } from 'commander'

/** A flag's value as a whole number within bounds; the error says which were expected. */
export const wholeNumber =
  (flag: string, least: number, most: number) =>
  (text: string): number => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    if (Number.isNaN(value) || value < least || value > most)
      throw new InvalidArgumentError(`${flag}: expected a whole number from ${least} to ${most}.`)
    return value
  }
