/** One wrong in the sources of terraform/, and who has to see it. */
export interface Mutant {
  /** The control that it breaks, such as N1. */
  readonly control: string
  readonly what: string
  /** Below terraform/. */
  readonly file: string
  /** Stands exactly once in the file. */
  readonly find: string
  readonly replace: string
  /** A file of terraform/tests, or a folder or test of test/terraform that reads a mock apply. */
  readonly killedBy: 'policies' | 'reachability' | 'names' | string
  /** What the failing test prints, such as ctl:N1. */
  readonly says: string
}
