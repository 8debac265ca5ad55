/** The command line as a program. */
import { main } from './program.ts'

process.exitCode = await main(process.argv.slice(2))
