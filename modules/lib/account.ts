import { z } from 'zod'

/** A name of a user or group that no tool takes for an option, and that breaks no line of /etc/passwd. */
export const accountName = z.string().regex(/^[^\s:,/-][^\s:,/]*$/, 'expected a name without blanks, colons, commas and slashes')
