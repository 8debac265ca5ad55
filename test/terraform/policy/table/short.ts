/** Takes from a name what all names of the environment share. */
export const short = (name: string): string =>
  name
    .replace(/^hipaa[-_]vpc-/, '')
    .replace(/-\d{12}-[a-z]+-[a-z]+-\d$/, '')
    .replace(/\.fifo$/, '')
